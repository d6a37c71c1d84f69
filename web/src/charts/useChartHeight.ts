import { useMediaQuery } from "@mantine/hooks";

const HEIGHT = 184;
const TALL = 264;

/** How many pixels a chart with its time axis is high: more on a wall than on a desk or in a hand. */
export function useChartHeight(): number {
  return useMediaQuery("(min-width: 1900px) and (min-height: 1000px)", false, { getInitialValueInEffect: false }) ? TALL : HEIGHT;
}
