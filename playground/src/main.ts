// The playground: a page that uses the library as any application would, with every part of it on show.
import { AddressBox } from './address-box.ts'
import { wireBehaviours } from './behaviour-panel.ts'
import { ChaosControl } from './chaos-control.ts'
import { describeCharts } from './chart-words.ts'
import { showBreakerLab } from './breaker-lab.ts'
import { wireComposer } from './composer.ts'
import { showDemos } from './demo-panel.ts'
import { showEventLog } from './event-log.ts'
import { showFaultPanel } from './fault-panel.ts'
import { followHistory } from './follow-history.ts'
import { showLedger } from './ledger-view.ts'
import { showMessageLog } from './message-log.ts'
import { narrate } from './narrator.ts'
import { showPoolLab } from './pool-lab.ts'
import { showQueue } from './queue-view.ts'
import { showRateLab } from './rate-lab.ts'
import { showResumeCard } from './resume-card.ts'
import { showRttPlot } from './rtt-plot.ts'
import { offerAddresses, wireSession } from './session-buttons.ts'
import { loadSite } from './site.ts'
import { Stage } from './stage.ts'
import { showState } from './state-view.ts'
import { wireTabs } from './tabs.ts'
import { startTheme } from './theme.ts'
import { startTicker } from './ticker.ts'
import { showTimeline } from './timeline-view.ts'
import { watchRtt } from './watch-rtt.ts'

const stage = new Stage()
const address = new AddressBox()
const chaos = new ChaosControl()
const history = followHistory()

startTheme()
wireTabs()
showState()
showTimeline(history)
showRttPlot(history)
watchRtt()
describeCharts(history)
showLedger()
showQueue()
showResumeCard()
showMessageLog()
showEventLog()
narrate()
wireSession(stage, address)
wireComposer(stage)
wireBehaviours(stage, address)
showFaultPanel(chaos)
showDemos(stage, address, chaos)
showPoolLab({ address, chaos })
showBreakerLab({ address, chaos })
showRateLab({ address, chaos })
startTicker()

void loadSite().then((site) => {
  offerAddresses(site, address)
  if (site.control !== undefined) chaos.use(site.control)
})
