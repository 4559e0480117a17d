/** The page: a file and options in, a packed file, its errors and a download out. */
import { createQuantizer } from '@metal-fp4/fp4-quant/parallel'
import { type SafetensorsFile, blobSource, openSafetensors } from '@metal-fp4/fp4-quant/safetensors'
import { bytesText } from '../src/cli/output.js'
import { element, showError } from './dom.js'
import { readOptions, watchOptions } from './options.js'
import { type Packed, pack } from './pack.js'
import { showResult } from './result.js'
import { sampleFile } from './sample.js'

const quantizer = createQuantizer({
  createWorker: () => new Worker(new URL('worker.js', import.meta.url), { type: 'module' }),
})
const drop = element('drop', HTMLElement)
const input = element('file', HTMLInputElement)
const form = element('options', HTMLFormElement)
const packButton = element('pack', HTMLButtonElement)
const cancelButton = element('cancel', HTMLButtonElement)
const status = element('status', HTMLElement)
const bar = element('bar', HTMLProgressElement)

/** What is to be packed, and what earlier runs over the same file gave. */
let open: { readonly file: SafetensorsFile; readonly name: string; readonly runs: Packed[] } | undefined
/** The run under way. */
let running: AbortController | undefined

element('threads', HTMLElement).textContent =
  quantizer.threads === 1 ? 'one worker' : `${quantizer.threads} workers of this browser`
watchOptions(form)

input.addEventListener('change', () => {
  const file = input.files?.item(0)
  if (file) void openFile(file, file.name)
})
element('sample', HTMLButtonElement).addEventListener('click', () => {
  void sampleFile().then((blob) => openFile(blob, 'sample.safetensors'))
})
for (const type of ['dragenter', 'dragover', 'dragleave', 'drop'] as const) {
  drop.addEventListener(type, (event) => {
    event.preventDefault()
    drop.classList.toggle('over', type === 'dragenter' || type === 'dragover')
    const file = type === 'drop' ? event.dataTransfer?.files[0] : undefined
    if (file) void openFile(file, file.name)
  })
}
form.addEventListener('submit', (event) => {
  event.preventDefault()
  void run()
})
cancelButton.addEventListener('click', () => {
  running?.abort(new DOMException('Cancelled.', 'AbortError'))
})

async function openFile(blob: Blob, name: string): Promise<void> {
  running?.abort(new DOMException('Another file was opened.', 'AbortError'))
  showError(undefined)
  element('result', HTMLElement).hidden = true
  element('progress', HTMLElement).hidden = true
  const line = element('file-name', HTMLElement)
  try {
    const file = await openSafetensors(blobSource(blob, name))
    open = { file, name, runs: [] }
    const count = file.entries.size
    line.textContent = `${name}: ${count} ${count === 1 ? 'tensor' : 'tensors'}, ${bytesText(blob.size)}`
  } catch (error) {
    open = undefined
    line.textContent = ''
    showError(error)
  }
  packButton.disabled = open === undefined
}

async function run(): Promise<void> {
  if (open === undefined || running !== undefined) return
  const { file, name, runs } = open
  const controller = new AbortController()
  running = controller
  setBusy(true)
  showError(undefined)
  bar.value = 0
  element('progress', HTMLElement).hidden = false
  try {
    const packed = await pack(file, name, readOptions(form), {
      quantizer,
      signal: controller.signal,
      onProgress: (done, total, tensor) => {
        bar.value = total === 0 ? 1 : done / total
        status.textContent = `${Math.floor(100 * bar.value)} %${tensor === undefined ? '' : `, ${tensor}`}`
      },
    })
    if (open.file !== file) return
    runs.push(packed)
    bar.value = 1
    status.textContent = `Done: ${packed.tensors.length} tensors, ${bytesText(packed.blob.size)}.`
    showResult(packed, runs.slice(0, -1))
  } catch (error) {
    const cancelled = controller.signal.aborted
    status.textContent = cancelled ? 'Cancelled.' : 'Stopped.'
    if (!cancelled) showError(error)
  } finally {
    running = undefined
    setBusy(false)
  }
}

function setBusy(busy: boolean): void {
  packButton.disabled = busy || open === undefined
  cancelButton.disabled = !busy
  if (busy) cancelButton.focus()
  else packButton.focus()
}
