import { z } from 'zod';
import { runSigner } from '../wallets/keys';

const schema = z.object({
  SIGNER_SOCKET: z.string().min(1),
  SIGNER_SEED_FILE: z.string().min(1),
  SIGNER_DIR: z.string().min(1),
  SIGNER_PASSPHRASE: z.string().min(12),
  ETHEREUM_CHAIN_ID: z.coerce.number().int().positive(),
  ETHEREUM_USDT: z.string().regex(/^0x[0-9a-fA-F]{40}$/),
});

/** The signer's role: its own settings, its own process. Nothing of the exchange's environment is read. */
export async function runSignerRole(env: NodeJS.ProcessEnv): Promise<void> {
  const config = schema.parse(env);
  const rails = { ETH: { contract: null, decimals: 18 }, USDT: { contract: config.ETHEREUM_USDT, decimals: 6 } };
  const signer = await runSigner({
    socketPath: config.SIGNER_SOCKET,
    seedFile: config.SIGNER_SEED_FILE,
    passphrase: config.SIGNER_PASSPHRASE,
    dir: config.SIGNER_DIR,
    policy: { networks: { ethereum: { chainId: config.ETHEREUM_CHAIN_ID, gasAsset: 'ETH', rails } }, maxGasCost: '0.1' },
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      signer.close();
      process.exit(0);
    });
  }
}
