export { BoundedIterator, type BoundedIteratorOptions } from './bounded-iterator.ts'
export { type CorkableStream, GatheredWrites } from './gathered-writes.ts'
export { HandledIterator } from './handled-iterator.ts'
export { type FinalStatus, type Receipt, ReceiptEntry, type ReceiptStatus } from './receipt.ts'
