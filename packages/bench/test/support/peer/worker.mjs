// Stands in for a worker of a peer: messages { id, op, … } in, { id, result } or { id, error } out.
import process from 'node:process'

process.on('message', ({ id, op, ...request }) => {
  if (op === 'crash') {
    process.stderr.write('no such instruction\n')
    process.exit(3)
  }
  if (op === 'hang') return
  if (op === 'fail') process.send({ id, error: 'the model is no good' })
  else process.send({ id, result: { op, ...request } })
})
