// Anthropic's SDK behind FuncLimiter, which slows down before it would be refused.
// To run it: npm install @anthropic-ai/sdk, then FUNCLIMITER_URL=http://127.0.0.1:8080 node anthropic.mjs
// FUNCLIMITER_KEY is a tenant's key; where no tenants are configured, any will do.
// It prints: 3 of 3 answered
import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({
  baseURL: process.env.FUNCLIMITER_URL ?? 'http://127.0.0.1:8080',
  apiKey: process.env.FUNCLIMITER_KEY ?? 'any',
  maxRetries: 0,
  defaultHeaders: { 'X-Workflow': 'samples', 'X-Step': 'node/anthropic' },
});

let answered = 0;
for (const topic of ['tea', 'rain', 'sleep']) {
  const { data, response } = await client.messages.create(
    { model: 'claude-haiku-4-5', max_tokens: 20, messages: [{ role: 'user', content: `A line on ${topic}.` }] },
  ).withResponse();
  answered += data.stop_reason ? 1 : 0;

  // At 90 % of the tightest budget every answer says "act": what can wait, waits.
  if (response.headers.get('x-funclimiter-pressure') === 'act') await new Promise((done) => setTimeout(done, 5_000));
}
console.log(`${answered} of 3 answered`);
