export const words = {
  lists: {
    unreadable: 'Rows that could not be displayed: {n}. The operator has been notified.',
    loading: 'Loading …',
    failed: 'Could not load this list.',
    old: 'Could not refresh this list: it may be out of date.',
    retry: 'Retry',
    more: 'Load more',
    csv: 'Export CSV',
    filters: 'Filter',
    all: 'All',
    from: 'From',
    to: 'To',
  },
};
