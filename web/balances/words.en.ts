export const words = {
  balances: {
    title: 'Balances',
    available: 'Available',
    held: 'On hold',
    heldHint: 'On hold: reserved for open orders and for swaps and withdrawals in progress.',
    none: 'You have no assets yet. Make your first deposit.',
    recent: 'In progress',
    recentNone: 'Nothing in progress.',
  },
};
