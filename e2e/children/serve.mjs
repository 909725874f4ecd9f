// An echo server of its own process, so that it can be frozen. Ends with the signal that stops it.
import { createServer } from '@holdfast/server'
import { tell } from './tell.mjs'

const { url } = await createServer().start()
tell({ url: url.replace(/\/$/, '') })
