// The official SDK behind FuncLimiter: its address and headers are all that is new.
// To run it: npm install openai, then FUNCLIMITER_URL=http://127.0.0.1:8080 node openai.mjs
// FUNCLIMITER_KEY is a tenant's key; where no tenants are configured, any will do.
// It prints: answered by openai/gpt-4o-mini, 20 tokens
import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: `${process.env.FUNCLIMITER_URL ?? 'http://127.0.0.1:8080'}/v1`,
  apiKey: process.env.FUNCLIMITER_KEY ?? 'any',
  maxRetries: 0, // FuncLimiter waits and retries where that can help.
  defaultHeaders: { 'X-Workflow': 'samples', 'X-Step': 'node/openai' },
});

const { data, response } = await client.chat.completions.create(
  { model: 'gpt-4o-mini', max_tokens: 20, messages: [{ role: 'user', content: 'Say hello.' }] },
  { headers: { 'X-Priority': 'interactive' } },
).withResponse();
console.log(`answered by ${response.headers.get('x-funclimiter-deployment')}, ${data.usage.completion_tokens} tokens`);
