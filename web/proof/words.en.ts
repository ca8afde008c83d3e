export const words = {
  proof: {
    title: 'Proof of reserves',
    lead: 'Your balance is one leaf of a Merkle tree whose total is published. Your browser verifies by itself that it is included.',
    none: 'No proof that includes you has been published yet, so there is nothing to verify.',
    good: 'Verified: your balance is included in the published liabilities, and reserves cover them.',
    bad: 'Verification failed. Keep both files and contact support.',
    mine: 'Your included balance',
    root: 'Merkle root',
    owed: 'Liabilities',
    there: 'Reserves',
    byYourself:
      'To verify independently, signature included: download both files and run the open-source script verify.mjs with them.',
    link: 'Proof of reserves',
  },
};
