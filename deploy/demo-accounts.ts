/** The accounts of a local world. They are made only where every endpoint is on this machine. */
export const DEMO_ADMIN = 'admin@javizen.local';
export const DEMO_TRADER = 'trader@javizen.local';
