/**
 * The few words of PKCS#11 that we speak, as the package pkcs11js has them. Declared here because that package is
 * optional: where it could not be built its own types are not there either.
 */

/** A session, a slot or an object: the device's own number for it. */
export type Handle = Buffer;

export interface Mechanism {
  readonly mechanism: number;
  readonly parameter?:
    | Buffer
    | {
        readonly type: number;
        readonly iv: Buffer;
        readonly aad: Buffer;
        readonly ivBits: number;
        readonly tagBits: number;
      };
}

export interface Attribute {
  readonly type: number;
  readonly value: number | boolean | string | Buffer;
}

/** A device behind its library. Everything throws what the device refuses. */
export interface CryptokiDevice {
  load(path: string): void;
  close(): void;
  C_Initialize(): void;
  C_Finalize(): void;
  C_GetSlotList(withToken: boolean): Handle[];
  C_GetTokenInfo(slot: Handle): { readonly label: string };
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_Login(session: Handle, user: number, pin: string): void;
  C_FindObjectsInit(session: Handle, wanted: readonly Attribute[]): void;
  C_FindObjects(session: Handle, most: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GenerateKey(session: Handle, mechanism: Mechanism, attributes: readonly Attribute[]): Handle;
  C_EncryptInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_Encrypt(session: Handle, text: Buffer, into: Buffer): Buffer;
  C_DecryptInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_Decrypt(session: Handle, text: Buffer, into: Buffer): Buffer;
}

type Numbers =
  | 'CKA_CLASS'
  | 'CKA_DECRYPT'
  | 'CKA_ENCRYPT'
  | 'CKA_EXTRACTABLE'
  | 'CKA_KEY_TYPE'
  | 'CKA_LABEL'
  | 'CKA_PRIVATE'
  | 'CKA_SENSITIVE'
  | 'CKA_TOKEN'
  | 'CKA_VALUE_LEN'
  | 'CKF_RW_SESSION'
  | 'CKF_SERIAL_SESSION'
  | 'CKK_AES'
  | 'CKM_AES_GCM'
  | 'CKM_AES_KEY_GEN'
  | 'CKO_SECRET_KEY'
  | 'CKU_USER'
  | 'CK_PARAMS_AES_GCM';

/** The library: its numbers, and what opens a device. */
export type Cryptoki = Readonly<Record<Numbers, number>> & { readonly PKCS11: new () => CryptokiDevice };
