/** Which experts a row goes to, and with what weights. */
export const moeRouterTopk = {
  name: 'moe_router_topk',
  summary:
    'Scores are softmax(logits[m]) or sigmoid(logits[m]); the topK experts with the largest score (plus bias[e], which only chooses) are taken, ties to the lower index; their scores, divided by their sum when normalized, times scalingFactor, are the weights. Without a bias the logits are compared instead, which order experts as the scores do, and also where those round to the same number. NaN, +infinity, a row of nothing but -infinity, or a bias that is not finite fails the submission.',
  problem: { m: 'u32', n: 'u32', topK: 'u32', scalingFactor: 'f32' },
  constants: { scoring: ['softmax', 'sigmoid'], normalize: ['off', 'on'], bias: ['off', 'on'] },
  args: [
    { name: 'logits', type: 'f32', access: 'read', count: 'm * n', doc: '[M, experts]' },
    { name: 'bias', type: 'f32', access: 'read', count: 'n', when: "bias == 'on'", doc: '[experts]' },
    { name: 'ids', type: 'u32', access: 'write', count: 'm * topK', doc: '[M, topK], largest score first' },
    { name: 'weights', type: 'f32', access: 'write', count: 'm * topK', doc: '[M, topK]' },
  ],
  params: 'struct',
  order: 'moe_router_topk/1',
  legal: [
    { expression: 'm >= 1 && n >= 1 && n <= 1024', expected: 'm of at least 1 and 1 to 1024 experts' },
    {
      expression: 'topK >= 1 && topK <= n && topK <= 32',
      expected: 'topK from 1 to the number of experts, at most 32',
    },
  ],
  failures: [
    'no logit at row {0} is above -infinity',
    'logit {0} at row {1} is NaN',
    'logit {0} at row {1} is +infinity',
    'the bias of expert {0} is not a finite number',
  ],
  launch: {
    cpu: { grid: ['m', '1', '1'], threadgroup: [1, 1, 1] },
    metal: { grid: ['m', '1', '1'], threadgroup: [32, 1, 1], order: 'moe_router_topk/simdgroup/1' },
  },
  operations: '4 * m * n',
} as const
