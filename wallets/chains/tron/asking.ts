/** What a full node is asked, and some of what it answers. */

/** One question. Throws when the node does not answer, or says that it was wrong. */
export type Ask = <T>(path: string, asked?: object) => Promise<T>;

export interface Permission {
  readonly threshold?: unknown;
  readonly keys?: readonly { readonly address: string; readonly weight?: unknown }[];
}
export interface NodeAccount {
  readonly address?: string;
  readonly balance?: unknown;
  readonly type?: string;
  readonly owner_permission?: Permission;
  readonly active_permission?: readonly Permission[];
}
export interface ConstantCall {
  readonly result?: { readonly result?: boolean; readonly code?: string; readonly message?: string };
  readonly energy_required?: unknown;
  readonly energy_used?: unknown;
  readonly constant_result?: readonly string[];
  readonly transaction?: { readonly ret?: readonly { readonly ret?: string }[] };
}
