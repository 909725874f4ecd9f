import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

/** Where each part listens unless told otherwise, or unless somebody else listens there already. */
export const defaultPorts = { page: 4180, server: 4181, proxy: 4182, control: 4183 }

export const usage = `npm start -- [options]

  --port <number>          port of the page (${defaultPorts.page}); 0 takes any free one
  --server-port <number>   port of the WebSocket server (${defaultPorts.server})
  --proxy-port <number>    port of the fault proxy in front of it (${defaultPorts.proxy})
  --control-port <number>  port of the proxy's HTTP control (${defaultPorts.control})
  --page <folder>          what the page server serves (playground/dist)
  --no-build               take what is installed and built, as it is
  --help                   print this and exit
`

const options = {
  port: { type: 'string' },
  'server-port': { type: 'string' },
  'proxy-port': { type: 'string' },
  'control-port': { type: 'string' },
  page: { type: 'string' },
  'no-build': { type: 'boolean' },
  help: { type: 'boolean' },
}

/**
 * Reads the arguments.
 * @param {readonly string[]} args
 * @throws TypeError for an unknown option, RangeError for a bad port: both name the option
 */
export function readArguments(args) {
  const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false })
  return {
    help: values.help ?? false,
    build: !(values['no-build'] ?? false),
    page: resolve(values.page ?? 'playground/dist'),
    ports: {
      page: port(values, 'port', defaultPorts.page),
      server: port(values, 'server-port', defaultPorts.server),
      proxy: port(values, 'proxy-port', defaultPorts.proxy),
      control: port(values, 'control-port', defaultPorts.control),
    },
  }
}

function port(values, name, preferred) {
  const text = values[name]
  if (text === undefined) return preferred
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new RangeError(`--${name}: a port from 0 to 65535 is needed, got '${text}'`)
}
