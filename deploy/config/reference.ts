/**
 * Every setting once: where it stands in a settings file, the name under which the process reads it, and what it
 * means. The files' reader, the example files, the reference page and the checks are made from these tables.
 */

export interface Setting {
  /** Its key within the section. */
  readonly key: string;
  /** The environment variable of the same meaning. */
  readonly name: string;
  /** One or two plain sentences: unit, range, what happens without it. */
  readonly what: string;
  /**
   * How it is written where it is no single word or number. `list`: words with commas in the environment. `json`: a
   * list or a map.
   */
  readonly shape?: 'list' | 'json' | 'flag' | 'yesNo';
  /** May stand in a file only as env:NAME or file:/path. */
  readonly secret?: true;
  /** As it could stand in a file (YAML). */
  readonly example?: string;
}

export interface Section {
  readonly name: string;
  readonly what: string;
  readonly settings: readonly Setting[];
}

const COLD: Setting = {
  key: 'cold',
  name: 'COLD_STORAGE',
  what:
    'Cold storage by network: addresses, or on Bitcoin the extended public keys (with their ' +
    'origin) of which `required` must sign. The exchange and the signer are told the same.',
  shape: 'json',
  example:
    '{ ethereum: { addresses: ["0x..."] }, bitcoin: { required: 2, keys: ["[d34db33f/48h/0h/0h/2h]xpub...", "...", "..."] } }',
};

/** The sections of `javizen.yaml`, read by the exchange and by further API processes. */
export const EXCHANGE_SECTIONS: readonly Section[] = [
  {
    name: 'site',
    what: 'Where people reach the exchange.',
    settings: [
      { key: 'port', name: 'PORT', what: 'Port of the page, the API and the live feed.', example: '8080' },
      {
        key: 'host',
        name: 'HOST',
        what: 'Address to listen on. One that other machines reach needs publicOrigin and trustedProxies.',
        example: '127.0.0.1',
      },
      {
        key: 'publicOrigin',
        name: 'PUBLIC_ORIGIN',
        what: 'What people type, where a proxy stands in front. Turns on secure cookies; requests under another name (Host) get 421.',
        example: 'https://exchange.example',
      },
      {
        key: 'passkeyOrigin',
        name: 'PASSKEY_ORIGIN',
        what: 'Where passkeys are used, where that is not publicOrigin; without either http://localhost and the port. The signer takes confirmations from this page alone: change it and all passkeys are void.',
        example: 'https://exchange.example',
      },
      {
        key: 'trustedProxies',
        name: 'TRUSTED_PROXIES',
        what:
          'Networks of the proxies in front (CIDR), whose X-Forwarded headers are believed. Without ' +
          'it those of a proxy on this machine.',
        shape: 'list',
        example: '[10.0.0.0/8, 203.0.113.7]',
      },
      {
        key: 'securityContact',
        name: 'SECURITY_CONTACT',
        what: 'Where holes are reported; served at /.well-known/security.txt. A mailto: or https: address.',
        example: 'mailto:security@exchange.example',
      },
      {
        key: 'socketsPerAddress',
        name: 'SOCKETS_PER_ADDRESS',
        what: 'Live sockets without a session that one address may open; ten times as many of any kind.',
        example: '100',
      },
      { key: 'logLevel', name: 'LOG_LEVEL', what: 'debug, info, warn, error or silent.', example: 'info' },
      { key: 'webDir', name: 'WEB_DIR', what: 'The built page. `npm start` builds it into dist/web.' },
    ],
  },
  {
    name: 'stores',
    what: 'Databases, secrets and files of the exchange.',
    settings: [
      {
        key: 'database',
        name: 'DATABASE_URL',
        what: 'MariaDB or MySQL: mysql://user:password@host:3306/javizen.',
        secret: true,
        example: 'env:DATABASE_URL',
      },
      {
        key: 'databaseMigrate',
        name: 'DATABASE_MIGRATE_URL',
        what:
          'The same database as the user who defines tables, for migrations at a start. Without it ' +
          'the one of `database` does both, and the start advises to part them ' +
          '(deploy/database-users.sql).',
        secret: true,
        example: 'env:DATABASE_MIGRATE_URL',
      },
      {
        key: 'databaseReader',
        name: 'DATABASE_READER_URL',
        what:
          "A replica of the same database, as a user who may read: for admins' lists of users, of security events and of " +
          'what admins did, and for npm run audit. Without it they read `database`.',
        secret: true,
        example: 'env:DATABASE_READER_URL',
      },
      {
        key: 'redis',
        name: 'REDIS_URL',
        what: 'Redis: sessions, rate limits and mail jobs, never money. May be flushed at any moment.',
        secret: true,
        example: 'env:REDIS_URL',
      },
      {
        key: 'sessionSecret',
        name: 'SESSION_SECRET',
        what:
          'Signs session cookies: at least 32 characters. Several versions with commas; the first is ' +
          'used. See npm run secrets -- rotate.',
        secret: true,
        example: 'env:SESSION_SECRET',
      },
      {
        key: 'kycKey',
        name: 'KYC_KEY',
        what: 'Encrypts identity documents: 64 hexadecimal digits, several versions with commas. Losing it loses the documents.',
        secret: true,
        example: 'env:KYC_KEY',
      },
      {
        key: 'kycDir',
        name: 'KYC_DIR',
        what: 'Where the encrypted documents lie: outside the directory of the page.',
        example: '/var/lib/javizen/kyc',
      },
      {
        key: 'kycDocumentDays',
        name: 'KYC_DOCUMENT_DAYS',
        what: 'Days after which the document of a rejected applicant is deleted.',
        example: '90',
      },
      {
        key: 'mail',
        name: 'SMTP_URL',
        what: 'The mail server: smtp://user:password@host:587. Without it letters are written into mailDir.',
        secret: true,
        example: 'env:SMTP_URL',
      },
      {
        key: 'mailDir',
        name: 'MAIL_DIR',
        what: 'Where letters are written when no mail server is named.',
        example: '/var/lib/javizen/mail',
      },
      {
        key: 'chainNotes',
        name: 'CHAIN_NOTES_FILE',
        what: 'A file outside the database in which the last hash of each chained log is noted once a minute, for npm run audit.',
        example: '/var/lib/javizen/chain-notes.json',
      },
      {
        key: 'securityEventDays',
        name: 'SECURITY_EVENT_DAYS',
        what: 'Days for which security events are kept.',
        example: '400',
      },
      {
        key: 'proofKey',
        name: 'PROOF_KEY_FILE',
        what: 'The key that signs published proofs (Ed25519, PEM); made at the first npm run proof.',
        example: '/etc/javizen/proof.pem',
      },
      {
        key: 'engineSocket',
        name: 'ENGINE_SOCKET',
        what:
          'For further API processes: path of a Unix socket, or host:port between machines. Not ' +
          'encrypted: loopback, a private network or a tunnel. None is opened without it.',
        example: '/run/javizen/engine.sock',
      },
      {
        key: 'engineSecret',
        name: 'ENGINE_SECRET',
        what: 'What both sides of that socket must know: at least 32 characters.',
        secret: true,
        example: 'env:ENGINE_SECRET',
      },
      {
        key: 'operatorSocket',
        name: 'OPERATOR_SOCKET',
        what: 'Unix socket of npm run operator, which books the coins of the operator.',
        example: '/run/javizen/operator.sock',
      },
      {
        key: 'signerSocket',
        name: 'SIGNER_SOCKET',
        what: 'Unix socket between the exchange and the signer; both are told it.',
        example: '/run/javizen/signer.sock',
      },
    ],
  },
  {
    name: 'venue',
    what:
      'Binance. For Spot Testnet: https://testnet.binance.vision, ' +
      'wss://stream.testnet.binance.vision, wss://ws-api.testnet.binance.vision.',
    settings: [
      {
        key: 'restUrl',
        name: 'BINANCE_REST_URL',
        what: 'Address of the REST API.',
        example: 'https://api.binance.com',
      },
      {
        key: 'streamUrl',
        name: 'BINANCE_STREAM_URL',
        what: 'Address of the market streams.',
        example: 'wss://stream.binance.com:9443',
      },
      {
        key: 'wsApiUrl',
        name: 'BINANCE_WS_API_URL',
        what: 'Address of the WebSocket API.',
        example: 'wss://ws-api.binance.com:443',
      },
      {
        key: 'tradingKey',
        name: 'BINANCE_TRADING_KEY',
        what: 'The trading key. The exchange refuses to start where it may withdraw.',
        secret: true,
        example: 'env:BINANCE_TRADING_KEY',
      },
      {
        key: 'tradingSecret',
        name: 'BINANCE_TRADING_SECRET',
        what: 'Its HMAC secret, or its Ed25519 (recommended) or RSA private key as PEM.',
        secret: true,
        example: 'file:/etc/javizen/binance-trading.pem',
      },
      {
        key: 'treasuryKey',
        name: 'BINANCE_TREASURY_KEY',
        what: 'The treasury key: may withdraw, bound to the address of this machine, to our own addresses alone.',
        secret: true,
        example: 'env:BINANCE_TREASURY_KEY',
      },
      {
        key: 'treasurySecret',
        name: 'BINANCE_TREASURY_SECRET',
        what: 'Its secret or private key.',
        secret: true,
        example: 'file:/etc/javizen/binance-treasury.pem',
      },
    ],
  },
  {
    name: 'treasury',
    what: 'Where coins lie.',
    settings: [
      {
        key: 'policies',
        name: 'TREASURY',
        what:
          'One entry an asset on a network. Coins of a deposit address are swept when `sweepFrom` ' +
          'lies there, every `sweepEveryMinutes`; the hot wallet is filled from the venue below ' +
          '`floor` and emptied above `ceiling`, to their middle, to `venue` or `cold`. What is not ' +
          'named is swept at once and goes on to the venue.',
        shape: 'json',
        example:
          '[{ network: ethereum, asset: USDT, sweepFrom: "50", sweepEveryMinutes: 60, floor: "1000", ceiling: "5000", above: cold }]',
      },
      COLD,
      {
        key: 'reconcileThresholds',
        name: 'RECONCILE_THRESHOLDS',
        what: 'What may be missing of an asset before its withdrawals are stopped. Nothing may, of what is not named.',
        shape: 'json',
        example: '{ ETH: "0.0001" }',
      },
    ],
  },
  {
    name: 'deposits',
    what: 'What is credited, and when.',
    settings: [
      {
        key: 'large',
        name: 'LARGE_DEPOSITS',
        what:
          'From these amounts on a deposit needs two nodes of its network that see it; every network ' +
          'that lists such an asset needs two.',
        shape: 'list',
        example: '["BTC:0.5", "ETH:10", "USDT:20000"]',
      },
      {
        key: 'terms',
        name: 'DEPOSIT_TERMS',
        what:
          'One entry an asset on a network. `minimum`: smaller ones are shown and not credited. ' +
          '`fee` of each and the share `feeRate` are the commission. `steps`: confirmations by ' +
          'amount; the first begins at 0, each later one at more and asks for more.',
        shape: 'json',
        example:
          '[{ network: bitcoin, asset: BTC, minimum: "0.0005", fee: "0.0001", feeRate: "0.001", ' +
          'steps: [{ from: "0", confirmations: 1 }, { from: "1", confirmations: 6 }] }]',
      },
    ],
  },
  {
    name: 'withdrawals',
    what: 'What may leave.',
    settings: [
      {
        key: 'tiers',
        name: 'WITHDRAWAL_LIMITS',
        what:
          'One entry a tier, the first one everybody is in: what may leave in 24 hours (`perDay`) ' +
          'and what is auto-approved where no rule objects (`small`), in USDT. `asks` says what a ' +
          'tier wants: identity, second-factor, proof-of-address, source-of-funds, call.',
        shape: 'json',
        example:
          '[{ perDay: "50000", small: "50" }, { perDay: "1000000", small: "500", asks: [identity, second-factor] }]',
      },
    ],
  },
  {
    name: 'staff',
    what: 'Rules for the staff.',
    settings: [
      {
        key: 'tierAdmins',
        name: 'TIER_ADMINS',
        what: 'How many admins it takes to raise the tier of a user: 2 (one proposes, another confirms) or 1. Lowering takes one.',
        example: '2',
      },
    ],
  },
];

/** What a network is told, by its id. Others in the list are further networks of the Ethereum kind. */
export interface NetworkFields {
  readonly id: string;
  readonly what: string;
  readonly fields: readonly Setting[];
}

const NODES =
  'JSON-RPC addresses of its nodes, the preferred one first; when one does not answer or ' +
  'falls behind, the next is asked. Without one the network is not opened.';
const evmFields = (
  prefix: string,
  chainId: string,
  usdt: string,
  confirmations: string,
  reserve: string,
): Setting[] => [
  { key: 'nodes', name: `${prefix}_RPC_URL`, what: NODES, shape: 'list', secret: true, example: `env:${prefix}_NODES` },
  { key: 'chainId', name: `${prefix}_CHAIN_ID`, what: 'The chain that its nodes must be on.', example: chainId },
  { key: 'usdt', name: `${prefix}_USDT`, what: 'The USDT contract.', example: `"${usdt}"` },
  {
    key: 'confirmations',
    name: `${prefix}_CONFIRMATIONS`,
    what: 'Blocks, the one of the deposit included, before it is credited.',
    example: confirmations,
  },
  {
    key: 'traces',
    name: `${prefix}_TRACES`,
    what:
      'Can its nodes trace calls? Coins sent by contracts are seen in traces; without them by ' +
      'the balances of our addresses, 200 a poll.',
    shape: 'flag',
    example: 'true',
  },
  {
    key: 'pollMs',
    name: `${prefix}_POLL_MS`,
    what: 'Milliseconds between two questions for a new block.',
    example: '1000',
  },
  {
    key: 'gasReserve',
    name: `${prefix}_GAS_RESERVE`,
    what: 'Of its own coin, kept in the hot wallet for gas and never sent on to the venue.',
    example: `"${reserve}"`,
  },
];

export const NETWORK_FIELDS: readonly NetworkFields[] = [
  {
    id: 'ethereum',
    what: 'Ethereum.',
    fields: evmFields('ETHEREUM', '1', '0xdAC17F958D2ee523a2206206994597C13D831ec7', '12', '0.5'),
  },
  {
    id: 'bsc',
    what: 'BNB Smart Chain.',
    fields: evmFields('BSC', '56', '0x55d398326f99059fF775485246999027B3197955', '15', '0.5'),
  },
  {
    id: 'polygon',
    what: 'Polygon.',
    fields: evmFields('POLYGON', '137', '0xc2132D05D31c914a87C6611C10748AEb04B58e8F', '128', '50'),
  },
  {
    id: 'bitcoin',
    what: 'Bitcoin Core with txindex=1.',
    fields: [
      {
        key: 'nodes',
        name: 'BITCOIN_RPC_URL',
        what: `${NODES} With user and password: http://user:password@host:8332.`,
        shape: 'list',
        secret: true,
        example: 'env:BITCOIN_NODES',
      },
      {
        key: 'network',
        name: 'BITCOIN_NETWORK',
        what: 'main, test or regtest; the signer is told the same.',
        example: 'main',
      },
      {
        key: 'confirmations',
        name: 'BITCOIN_CONFIRMATIONS',
        what: 'Blocks before a deposit is credited.',
        example: '3',
      },
      {
        key: 'pollMs',
        name: 'BITCOIN_POLL_MS',
        what: 'Milliseconds between two questions for a new block.',
        example: '5000',
      },
      {
        key: 'reserve',
        name: 'BITCOIN_RESERVE',
        what: 'Of the coins of the operator, kept in the hot wallet for fees.',
        example: '"0.01"',
      },
      {
        key: 'batchMs',
        name: 'BITCOIN_BATCH_MS',
        what: 'Milliseconds between two batched payouts (600000: ten minutes); 0: nobody waits for others.',
        example: '0',
      },
      {
        key: 'consolidateAt',
        name: 'BITCOIN_CONSOLIDATE_AT',
        what: 'UTXOs are consolidated while the fee rate is at most this, in satoshi a virtual byte; 0: never.',
        example: '0',
      },
      {
        key: 'consolidateAbove',
        name: 'BITCOIN_CONSOLIDATE_ABOVE',
        what: 'And there are more UTXOs than this. The operator pays for it.',
        example: '100',
      },
    ],
  },
  {
    id: 'tron',
    what:
      'A full node of TRON with its solidity interface. A node of your own shows payments of ' +
      'contracts only with vm.saveInternalTx = true.',
    fields: [
      { key: 'nodes', name: 'TRON_RPC_URL', what: NODES, shape: 'list', secret: true, example: 'env:TRON_NODES' },
      {
        key: 'network',
        name: 'TRON_NETWORK',
        what: 'main, nile, shasta or local; the signer is told the same.',
        example: 'main',
      },
      { key: 'usdt', name: 'TRON_USDT', what: 'The USDT contract.', example: 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t' },
      {
        key: 'pollMs',
        name: 'TRON_POLL_MS',
        what: 'Milliseconds between two questions for a new block.',
        example: '1500',
      },
      {
        key: 'gasReserve',
        name: 'TRON_GAS_RESERVE',
        what: 'Of the TRX of the operator, kept in the hot wallet for energy and bandwidth.',
        example: '"500"',
      },
      {
        key: 'apiKey',
        name: 'TRON_API_KEY',
        what: 'Key of TronGrid, sent as TRON-PRO-API-KEY to nodes that are reached over https.',
        secret: true,
        example: 'env:TRON_API_KEY',
      },
      {
        key: 'lendEnergy',
        name: 'TRON_LEND_ENERGY',
        what: 'Is the energy of staked TRX lent to deposit addresses for their sweeps? Otherwise TRX is sent there and burnt.',
        shape: 'flag',
        example: 'true',
      },
    ],
  },
];

/** Beside the networks: secret headers for their nodes. */
export const NODE_HEADERS: Setting = {
  key: 'nodeHeaders',
  name: 'NODE_HEADERS',
  what: 'Headers for nodes by host (with its port where the address has one), as JSON. Never shown in a log.',
  secret: true,
  shape: 'json',
  example: 'file:/etc/javizen/node-headers.json',
};
/** Further networks of the Ethereum kind end up in this setting. */
export const OTHER_NETWORKS = 'EVM_NETWORKS';

/**
 * The sections of `signer.yaml`, the signer's own file: what the user of the exchange can read, whoever breaks into
 * the exchange can read.
 */
export const SIGNER_SECTIONS: readonly Section[] = [
  {
    name: 'signer',
    what: 'The process that knows the seed. Run it as a user of its own.',
    settings: [
      {
        key: 'socket',
        name: 'SIGNER_SOCKET',
        what: 'Unix socket between the exchange and the signer.',
        example: '/run/javizen/signer.sock',
      },
      {
        key: 'groupSocket',
        name: 'SIGNER_SOCKET_GROUP',
        what: 'May the group of the signer open the socket?',
        shape: 'yesNo',
        example: 'true',
      },
      {
        key: 'dir',
        name: 'SIGNER_DIR',
        what: 'Directory of what was signed, of admins and approvals. Never restored from a backup older than the last signature.',
        example: '/var/lib/javizen-signer',
      },
      {
        key: 'seedFile',
        name: 'SIGNER_SEED_FILE',
        what: 'The sealed seed.',
        example: '/var/lib/javizen-signer/seed.sealed',
      },
      {
        key: 'kek',
        name: 'SIGNER_KEK',
        what: 'What opens the seed: passphrase, or pkcs11 (a key in a device).',
        example: 'passphrase',
      },
      {
        key: 'passphrase',
        name: 'SIGNER_PASSPHRASE',
        what: 'At least 12 characters.',
        secret: true,
        example: 'env:SIGNER_PASSPHRASE',
      },
      {
        key: 'pkcs11Module',
        name: 'SIGNER_PKCS11_MODULE',
        what: 'Library of the device.',
        example: '/usr/lib/softhsm/libsofthsm2.so',
      },
      { key: 'pkcs11Token', name: 'SIGNER_PKCS11_TOKEN', what: 'Label of its token.', example: 'javizen' },
      { key: 'pkcs11Pin', name: 'SIGNER_PKCS11_PIN', what: 'Its PIN.', secret: true, example: 'env:SIGNER_PKCS11_PIN' },
      {
        key: 'pkcs11Key',
        name: 'SIGNER_PKCS11_KEY',
        what: 'Label of its key; made by npm run keys -- generate or rotate, never by a start.',
        example: 'javizen-kek',
      },
      {
        key: 'publicOrigin',
        name: 'PUBLIC_ORIGIN',
        what: 'As the exchange is told it: the page from which confirmations of users come.',
        example: 'https://exchange.example',
      },
      {
        key: 'passkeyOrigin',
        name: 'PASSKEY_ORIGIN',
        what: 'Where passkeys are used, where that is not publicOrigin; without either http://localhost and the port. The signer takes confirmations from this page alone: change it and all passkeys are void.',
        example: 'https://exchange.example',
      },
      {
        key: 'limits',
        name: 'SIGNER_LIMITS',
        what:
          'Whose approval a withdrawal needs, by asset (* is any other). Up to `auto` nobody, while ' +
          'such of 24 hours stay within `autoDaily`; above `fourEyes` two admins, up to it one, ' +
          'while what fewer than two approved stays within `fourEyesDaily`; above `most` none is ' +
          'ever signed. What is not named needs two admins.',
        shape: 'json',
        example: '{ ETH: { auto: "0.02", autoDaily: "0.1", fourEyes: "10", most: "100" } }',
      },
      {
        key: 'venueAddresses',
        name: 'SIGNER_VENUE_ADDRESSES',
        what: "The venue's deposit addresses, read off its own page by a person. Nothing is sent on to another.",
        shape: 'json',
        example: '{ ethereum/ETH: "0x...", bitcoin/BTC: "bc1..." }',
      },
      {
        key: 'feesDaily',
        name: 'SIGNER_FEES_DAILY',
        what:
          'The most that transactions of 24 hours may cost, by network in its own coin. Above it ' +
          'nothing is signed there until the day has passed.',
        shape: 'json',
        example: '{ ethereum: "5", bitcoin: "0.1", tron: "20000" }',
      },
      { key: 'tronStake', name: 'SIGNER_TRON_STAKE', what: 'The most TRX that may be staked.', example: '"0"' },
      {
        key: 'approvalHours',
        name: 'SIGNER_APPROVAL_HOURS',
        what: 'Hours for which the signature of an admin counts.',
        example: '48',
      },
      COLD,
    ],
  },
];

/** Set by the local world alone; they stand in no file. */
export const LOCAL_SETTINGS: Readonly<Record<string, string>> = {
  JAVIZEN_LOCAL: 'Every endpoint is on this machine: demo accounts, first funds, admins without a second factor.',
  JAVIZEN_THROW_AWAY: 'The stores may lose what they hold in a power cut.',
  SIGNER_MAKE_SEED:
    'The signer makes a seed where there is none. Elsewhere: npm run keys -- generate, import or restore.',
};

/** Where a setting stands in a file: `site.port`. The name itself for those that stand in none. */
export function pathOf(name: string): string {
  for (const section of [...EXCHANGE_SECTIONS, ...SIGNER_SECTIONS]) {
    const setting = section.settings.find((one) => one.name === name);
    if (setting) return `${section.name}.${setting.key}`;
  }
  return name;
}

/** Every setting by its environment name. */
export const ALL_SETTINGS: readonly Setting[] = [
  ...EXCHANGE_SECTIONS.flatMap(({ settings }) => settings),
  ...NETWORK_FIELDS.flatMap(({ fields }) => fields),
  NODE_HEADERS,
  ...SIGNER_SECTIONS.flatMap(({ settings }) => settings),
];
