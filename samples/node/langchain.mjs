// LangChain behind FuncLimiter: two models of two providers, one address, one run to be billed together.
// To run it: npm install @langchain/openai @langchain/anthropic @langchain/core, then FUNCLIMITER_URL=http://127.0.0.1:8080 node langchain.mjs
// FUNCLIMITER_KEY is a tenant's key; where no tenants are configured, any will do.
// It prints: drafted by gpt-4o-mini, checked by claude-haiku-4-5
import { randomUUID } from 'node:crypto';
import { ChatAnthropic } from '@langchain/anthropic';
import { ChatOpenAI } from '@langchain/openai';

const url = process.env.FUNCLIMITER_URL ?? 'http://127.0.0.1:8080';
const apiKey = process.env.FUNCLIMITER_KEY ?? 'any';
const defaultHeaders = { 'X-Workflow': 'samples', 'X-Step': 'node/langchain', 'X-Run': randomUUID() };

const writer = new ChatOpenAI({ model: 'gpt-4o-mini', apiKey, maxTokens: 20, maxRetries: 0, configuration: { baseURL: `${url}/v1`, defaultHeaders } });
const checker = new ChatAnthropic({ model: 'claude-haiku-4-5', apiKey, maxTokens: 20, maxRetries: 0, anthropicApiUrl: url, clientOptions: { defaultHeaders } });

const draft = await writer.invoke('A line on tea.');
const check = await checker.invoke(`Is this true? ${draft.text}`);
console.log(`drafted by ${draft.text && writer.model}, checked by ${check.text && checker.model}`);
