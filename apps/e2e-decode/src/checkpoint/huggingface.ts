/** A Hugging Face folder: config.json and safetensors. */
import { join } from 'node:path'
import { type Architecture, type ModelSpec, architectureOf } from '../architectures/index.js'
import { failCheckpoint } from '../errors.js'
import { checkWeight } from '../model/host-weights.js'
import { weightTable } from '../model/weight-table.js'
import { type JsonObject, readJsonObject } from './json-file.js'
import { type TensorStore, openTensorStore } from './tensor-store.js'

export interface HuggingFaceCheckpoint {
  readonly kind: 'huggingface'
  readonly folder: string
  readonly config: JsonObject
  readonly architecture: Architecture
  readonly spec: ModelSpec
  readonly store: TensorStore
}

/** Opens a folder and checks that every tensor is there in the right shape; nothing large is read. @throws CheckpointError */
export async function openHuggingFace(folder: string): Promise<HuggingFaceCheckpoint> {
  const config = await readJsonObject(join(folder, 'config.json'))
  const architecture = architectureOf(config)
  const spec = architecture.spec(config)
  const store = await openTensorStore(folder)
  try {
    const table = weightTable(spec, architecture.names)
    for (const declaration of table) checkWeight(store, declaration)
    rejectUnknown(store, spec, architecture)
    return { kind: 'huggingface', folder, config, architecture, spec, store }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** A bias, a norm or a whole layer that we would leave out silently changes what the model computes. */
function rejectUnknown(store: TensorStore, spec: ModelSpec, { names }: Architecture): void {
  const known = new Set<string>()
  for (const declaration of weightTable(spec, names)) {
    if (declaration.kind === 'vector') known.add(declaration.tensor)
    else for (const part of declaration.parts) for (let e = 0; e < declaration.experts; e++) known.add(part.tensor(e))
  }
  const stem = names.layer(0).prefix.replace(/0\.$/, '')
  for (const name of store.names) {
    // Old checkpoints store the frequencies of the rotation, which follow from config.json.
    if (known.has(name) || name.endsWith('rotary_emb.inv_freq')) continue
    if (!name.startsWith(stem)) continue
    const layer = Number.parseInt(name.slice(stem.length), 10)
    const beyond = layer >= spec.layers
    failCheckpoint({
      file: store.fileOf(name),
      tensor: name,
      expected: beyond
        ? `tensors of ${spec.layers} layers, as num_hidden_layers says`
        : `only tensors of ${spec.architecture} in its layers`,
      got: beyond ? `one of layer ${layer}, counted from 0` : 'one that it does not have',
      fix: `The checkpoint is of another ${beyond ? 'model' : 'architecture'} than its config.json says.`,
    })
  }
}
