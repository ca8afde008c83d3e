export const words = {
  history: {
    title: 'History',
    orders: 'Orders',
    trades: 'Trades',
    orderStates: { open: 'Open', closed: 'Closed' },
    none: {
      orders: 'No orders.',
      trades: 'No trades.',
      swaps: 'No swaps.',
      deposits: 'No deposits.',
      withdrawals: 'No withdrawals.',
    },
    deposits: 'Deposits',
    swaps: 'Swaps',
    withdrawals: 'Withdrawals',
    choose: 'View',
    details: 'Details',
  },
};
