/** The worker of the page: a file of its own, since the page's content policy forbids scripts from blobs. */
import '@metal-fp4/fp4-quant/worker'
