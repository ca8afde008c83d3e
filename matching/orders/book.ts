/** The book that trades: the readable one and the fast one agree on every command, so which of them runs is a matter of speed alone. */
export { createNaiveBook as createBook } from '../book/naive';
