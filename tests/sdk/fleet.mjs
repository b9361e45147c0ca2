// A fleet of agents on the official clients, half on each, call after call: node fleet.mjs AGENTS SECONDS. Prints what became of it as JSON.

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const [agents, seconds] = process.argv.slice(2).map(Number);
const { FUNCLIMITER_URL: url, FUNCLIMITER_KEY: apiKey } = process.env;
const messages = [{ role: 'user', content: 'Say hello.' }];
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey });
const anthropic = new Anthropic({ baseURL: url, apiKey });
const asks = {
  openai: (options) => openai.chat.completions.create({ model: 'gpt-x', max_tokens: 5, messages }, options),
  anthropic: (options) => anthropic.messages.create({ model: 'claude-x', max_tokens: 5, messages }, options),
};
const told = { openai: 0, anthropic: 0, failures: [] };
const end = new AbortController();
setTimeout(() => end.abort(), seconds * 1000);

await Promise.all(Array.from({ length: agents }, async (_, agent) => {
  const name = agent % 2 ? 'anthropic' : 'openai';
  while (!end.signal.aborted) {
    try {
      await asks[name]({ signal: end.signal });
      told[name] += 1;
    } catch (failure) {
      if (!end.signal.aborted) told.failures.push(`${name}: ${failure}`);
    }
  }
}));
console.log(JSON.stringify(told));
process.exit();
