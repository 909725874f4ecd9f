import { allocationMeasure } from './measures/allocation.ts'
import { chromiumMeasure } from './measures/chromium.ts'
import { dialsMeasure } from './measures/dials.ts'
import { echoMeasure } from './measures/echo.ts'
import { endingMeasure } from './measures/ending.ts'
import { frozenMeasure } from './measures/frozen.ts'
import { importsMeasure } from './measures/imports.ts'
import { lossesMeasure } from './measures/losses.ts'
import type { Measure } from './measures/measure.ts'
import { memoryMeasure } from './measures/memory.ts'
import { partsMeasure } from './measures/parts.ts'
import { recoveryMeasure } from './measures/recovery.ts'
import { scalingMeasure } from './measures/scaling.ts'
import { sendsMeasure } from './measures/sends.ts'
import { serverMeasure } from './measures/server.ts'
import { sizesMeasure } from './measures/sizes.ts'

/** Everything that is measured, in the order of the report. */
export const measures: readonly Measure[] = [
  echoMeasure,
  sendsMeasure,
  allocationMeasure,
  memoryMeasure,
  chromiumMeasure,
  recoveryMeasure,
  frozenMeasure,
  endingMeasure,
  lossesMeasure,
  dialsMeasure,
  sizesMeasure,
  importsMeasure,
  serverMeasure,
  partsMeasure,
  scalingMeasure,
]
