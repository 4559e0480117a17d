/** Logits with the penalties of tokens that were there before. */
export const penalizeLogits = {
  name: 'penalize_logits',
  summary:
    'out = logits, where a token that was seen has logit * repetition when it is below 0 and logit / repetition otherwise (Keskar et al. 2019, https://arxiv.org/abs/1909.05858, as RepetitionPenaltyLogitsProcessor of Hugging Face has it), and one that was made then loses frequency * made[token] + presence. Settings that make no sense (repetition not a normal number above 0; presence or frequency not finite) fail the submission.',
  problem: { n: 'u32' },
  constants: {},
  args: [
    { name: 'logits', type: 'f32', access: 'read', count: 'n', mayAlias: 'out', doc: '[N]' },
    { name: 'seen', type: 'u32', access: 'read', count: 'n', doc: '[N]: counts of `count_token`' },
    { name: 'made', type: 'u32', access: 'read', count: 'n', doc: '[N]: counts of `count_token`' },
    {
      name: 'settings',
      type: 'u32',
      access: 'read',
      count: '5',
      doc: 'repetition, presence, frequency (float32 bits), and two words of `count_token`',
    },
    { name: 'out', type: 'f32', access: 'write', count: 'n', doc: '[N]' },
  ],
  params: 'struct',
  order: 'penalize_logits/1',
  legal: [{ expression: 'n >= 1', expected: 'n of at least 1' }],
  failures: [
    'repetition is not a normal number above 0',
    'presence is not a finite number',
    'frequency is not a finite number',
  ],
  launch: {
    cpu: { grid: ['ceilDiv(n, 4096)', '1', '1'], threadgroup: [1, 1, 1] },
    metal: { grid: ['ceilDiv(n, 1024)', '1', '1'], threadgroup: [256, 1, 1] },
  },
  operations: '3 * n',
} as const
