/** The id of this venue in the listing, in references of the journal, and as the place of our coins there. */
export const BINANCE = 'binance';
