/** VitePress's default theme with the project's colours, and the figures of the pages. */
import type { Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme'
import BatchExact from './figures/BatchExact.vue'
import BlockLayout from './figures/BlockLayout.vue'
import Columns64 from './figures/Columns64.vue'
import FloatBits from './figures/FloatBits.vue'
import HomePage from './HomePage.vue'
import RooflineCalculator from './figures/RooflineCalculator.vue'
import TileUse from './figures/TileUse.vue'
import ValueLine from './figures/ValueLine.vue'
import WordLayout from './figures/WordLayout.vue'
import './style.css'

const components = {
  BatchExact,
  BlockLayout,
  Columns64,
  FloatBits,
  HomePage,
  RooflineCalculator,
  TileUse,
  ValueLine,
  WordLayout,
}

const theme: Theme = {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    for (const [name, component] of Object.entries(components)) app.component(name, component)
  },
}
export default theme
