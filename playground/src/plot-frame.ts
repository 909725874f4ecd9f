/** Room for the scale on the left of both charts, in CSS pixels: one moment lies at the same place in both. */
export const leftPx = 46
export const rightPx = 10
