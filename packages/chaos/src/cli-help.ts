/** Is what `holdfast-chaos --help` prints. */
export const helpText = `holdfast-chaos: a TCP proxy that breaks connections on demand

Usage: holdfast-chaos --target [host:]port [options]

  --target [host:]port     where connections are passed on to (required)
  --listen [host:]port     where clients dial; default 127.0.0.1 and a free port
  --control [host:]port    HTTP control, loopback only; default a free port; "off" for none
  --seed n                 decides jitter; default random
  --schedule file.json     a list of {afterMs, set?, action?, forMs?}

Faults from the start (n is one number, or up=n,down=n; 0 is off):
  --stall up|down|both          hold bytes until lifted, then deliver them
  --blackhole up|down|both      drop bytes in silence (half-open)
  --accept ok|refuse|hang|reset|close
                                what happens to new dials
  --latency-ms n                delay
  --jitter-ms n                 random extra delay, order kept
  --bytes-per-second n          throughput limit
  --chunk-bytes n               deliver in pieces of at most n bytes
  --close-after-bytes n         end new connections after exactly n bytes in a direction
  --close-after-ms n            end new connections after n milliseconds (one number)
  --close-with fin|rst          how the two above end them; default fin

  --json                   events as JSON lines
  -h, --help               this text
  -v, --version            the version

Exit code: 0 after SIGINT or SIGTERM, 1 when a port cannot be opened, 2 for bad arguments.
`
