// The AI SDK behind FuncLimiter, with a tool that the model may call.
// To run it: npm install ai @ai-sdk/openai zod, then FUNCLIMITER_URL=http://127.0.0.1:8080 node ai-sdk.mjs
// FUNCLIMITER_KEY is a tenant's key; where no tenants are configured, any will do.
// It prints: answered after calling get_weather
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, stepCountIs, tool } from 'ai';
import { z } from 'zod';

const openai = createOpenAI({
  baseURL: `${process.env.FUNCLIMITER_URL ?? 'http://127.0.0.1:8080'}/v1`,
  apiKey: process.env.FUNCLIMITER_KEY ?? 'any',
  headers: { 'X-Workflow': 'samples', 'X-Step': 'node/ai-sdk' },
});

const called = [];
const { text } = await generateText({
  model: openai.chat('gpt-4o-mini'),
  maxRetries: 0,
  maxOutputTokens: 40,
  stopWhen: stepCountIs(3),
  prompt: 'Call the tool for the weather in Paris.',
  tools: {
    get_weather: tool({
      description: 'The weather of a city.',
      inputSchema: z.looseObject({ city: z.string().optional() }),
      execute: () => { called.push('get_weather'); return '21 degrees'; },
    }),
  },
});
console.log(`${text ? 'answered' : 'said nothing'} after calling ${called.join(', ')}`);
