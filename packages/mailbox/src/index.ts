export { BoundedIterator, type BoundedIteratorOptions } from './bounded-iterator.ts'
export { HandledIterator } from './handled-iterator.ts'
export { type FinalStatus, type Receipt, ReceiptEntry, type ReceiptStatus } from './receipt.ts'
