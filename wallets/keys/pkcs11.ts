import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Cryptoki, CryptokiDevice, Handle } from './cryptoki';
import type { KeyEncryption } from './kek';

export interface DeviceOptions {
  /** The device's own library: a shared object. */
  readonly module: string;
  /** Label of its token. */
  readonly token: string;
  readonly pin: string;
  /** Label of the key in it. */
  readonly key: string;
}

const AAD = Buffer.from('javizen:kek:2:pkcs11');
const TAG_BYTES = 16;

/**
 * A package with native code, which is not on every machine: asked for when a device is used, not before, and by no
 * import that types would need.
 */
function library(): Cryptoki {
  try {
    return createRequire(__filename)('pkcs11js') as Cryptoki;
  } catch {
    throw new Error(
      'the package pkcs11js is not here: it is optional and needs a C++ compiler. Install one, run `npm install` again',
    );
  }
}

/**
 * A key-encryption key in a PKCS#11 device: AES-256, made in it, never leaves it. The device is asked anew each time
 * and logged out of after. `make`: makes the key where there is none (otherwise that is an error).
 */
export function deviceKek(options: DeviceOptions, make = false): KeyEncryption {
  return {
    kind: 'pkcs11',
    wrap: (key) =>
      inDevice(options, make, ({ pkcs11, device, session, kek }) => {
        const iv = randomBytes(12);
        device.C_EncryptInit(session, { mechanism: pkcs11.CKM_AES_GCM, parameter: gcm(pkcs11, iv) }, kek);
        const sealed = device.C_Encrypt(session, key, Buffer.alloc(key.length + TAG_BYTES));
        return { label: options.key, nonce: iv.toString('hex'), key: sealed.toString('hex') };
      }),
    unwrap: ({ label, nonce = '', key = '' }) =>
      inDevice({ ...options, key: label ?? options.key }, false, ({ pkcs11, device, session, kek }) => {
        const sealed = Buffer.from(key, 'hex');
        device.C_DecryptInit(
          session,
          { mechanism: pkcs11.CKM_AES_GCM, parameter: gcm(pkcs11, Buffer.from(nonce, 'hex')) },
          kek,
        );
        return Buffer.from(
          device.C_Decrypt(session, sealed, Buffer.alloc(sealed.length)).subarray(0, sealed.length - TAG_BYTES),
        );
      }),
  };
}

const gcm = (pkcs11: Cryptoki, iv: Buffer) => ({
  type: pkcs11.CK_PARAMS_AES_GCM,
  iv,
  aad: AAD,
  ivBits: 96,
  tagBits: TAG_BYTES * 8,
});

interface Device {
  readonly pkcs11: Cryptoki;
  readonly device: CryptokiDevice;
  readonly session: Handle;
  readonly kek: Handle;
}

async function inDevice<T>(options: DeviceOptions, make: boolean, work: (device: Device) => T): Promise<T> {
  const pkcs11 = library();
  const device = new pkcs11.PKCS11();
  device.load(options.module);
  device.C_Initialize();
  try {
    const slot = device.C_GetSlotList(true).find((one) => device.C_GetTokenInfo(one).label.trim() === options.token);
    if (!slot) throw new Error(`the device has no token "${options.token}"`);
    const session = device.C_OpenSession(slot, pkcs11.CKF_RW_SESSION | pkcs11.CKF_SERIAL_SESSION);
    device.C_Login(session, pkcs11.CKU_USER, options.pin);
    return work({
      pkcs11,
      device,
      session,
      kek:
        find(pkcs11, device, session, options.key) ??
        (make ? generate(pkcs11, device, session, options.key) : missing(options)),
    });
  } finally {
    // Ends its sessions with it.
    device.C_Finalize();
    device.close();
  }
}

function missing({ key, token }: DeviceOptions): never {
  throw new Error(`the token "${token}" has no AES key "${key}"`);
}

function find(pkcs11: Cryptoki, device: CryptokiDevice, session: Handle, label: string): Handle | undefined {
  device.C_FindObjectsInit(session, [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_LABEL, value: label },
  ]);
  const [found, second] = device.C_FindObjects(session, 2);
  device.C_FindObjectsFinal(session);
  if (second) throw new Error(`the device has two keys "${label}": which is ours?`);
  return found;
}

/** Not readable, not to be taken out, for encryption alone. */
function generate(pkcs11: Cryptoki, device: CryptokiDevice, session: Handle, label: string): Handle {
  return device.C_GenerateKey(session, { mechanism: pkcs11.CKM_AES_KEY_GEN }, [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_AES },
    { type: pkcs11.CKA_VALUE_LEN, value: 32 },
    { type: pkcs11.CKA_LABEL, value: label },
    { type: pkcs11.CKA_TOKEN, value: true },
    { type: pkcs11.CKA_PRIVATE, value: true },
    { type: pkcs11.CKA_SENSITIVE, value: true },
    { type: pkcs11.CKA_EXTRACTABLE, value: false },
    { type: pkcs11.CKA_ENCRYPT, value: true },
    { type: pkcs11.CKA_DECRYPT, value: true },
  ]);
}
