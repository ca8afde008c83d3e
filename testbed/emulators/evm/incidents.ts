/** Contracts that have cost exchanges money: `contracts/Incidents.sol`. */
import { Interface } from 'ethers';
import contracts from './contracts/Incidents.json';

export type ContractName = Exclude<keyof typeof contracts, 'compiler'>;

/** What deploys it. */
export const bytecodeOf = (name: ContractName): string => contracts[name].bytecode;

/** Call data of one of its methods. */
export const dataOf = (name: ContractName, method: string, ...values: unknown[]): string =>
  new Interface(contracts[name].abi).encodeFunctionData(method, values);
