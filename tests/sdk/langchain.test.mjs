import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ChatAnthropic } from '@langchain/anthropic';
import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { AzureChatOpenAI, ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { z } from 'zod';
import { apiKey, baseUrl, modelsOf } from './support/environment.mjs';

const [ofOpenAI, ofAnthropic, ofAzure] = ['OPENAI', 'ANTHROPIC', 'AZURE'].map(modelsOf);
const openai = (model) => new ChatOpenAI({ model, apiKey, maxTokens: 20, configuration: { baseURL: `${baseUrl}/v1` } });
const responses = (model) => new ChatOpenAI({ model, apiKey, maxTokens: 20, useResponsesApi: true, configuration: { baseURL: `${baseUrl}/v1` } });
const anthropic = (model) => new ChatAnthropic({ model, apiKey, maxTokens: 20, anthropicApiUrl: baseUrl });
const azure = (model) => new AzureChatOpenAI({
  azureOpenAIApiKey: apiKey, azureOpenAIEndpoint: baseUrl, azureOpenAIApiDeploymentName: model, azureOpenAIApiVersion: '2024-10-21', maxTokens: 20,
});
const weather = tool(() => '21 degrees', {
  name: 'get_weather', description: 'The weather of a city.', schema: z.looseObject({ city: z.string().optional() }),
});

/** What holds for a model, whichever of the providers' packages it is of. */
async function answers(model) {
  const answer = await model.invoke('Say hello.');

  assert.ok(answer.text.length > 0);
  assert.ok(answer.usage_metadata.input_tokens > 0 && answer.usage_metadata.output_tokens > 0, JSON.stringify(answer.usage_metadata));
}

async function streams(model) {
  let whole;
  const times = [];
  for await (const chunk of await model.stream('Say hello.')) {
    whole = whole ? whole.concat(chunk) : chunk;
    times.push(performance.now());
  }

  assert.ok(whole.text.length > 0);
  assert.ok(whole.usage_metadata.output_tokens > 0, JSON.stringify(whole.usage_metadata));
  assert.ok(times.at(-1) - times[0] > 300, `All chunks came within ${times.at(-1) - times[0]} ms.`);
}

async function callsTools(model) {
  const bound = model.bindTools([weather]);
  const messages = [new HumanMessage('Call the tool for the weather in Paris.')];
  const asked = await bound.invoke(messages);

  assert.equal(asked.tool_calls.length, 1);
  assert.equal(asked.tool_calls[0].name, 'get_weather');

  const told = await weather.invoke(asked.tool_calls[0]);
  assert.ok(told instanceof ToolMessage);
  const answer = await bound.invoke([...messages, asked, told]);

  assert.ok(answer.text.length > 0);
}

describe('langchain', () => {
  test('openai: chat completions answer', () => answers(openai(ofOpenAI.plain)));
  test('openai: chat completions stream', () => streams(openai(ofOpenAI.slow)));
  test('openai: a tool is called', () => callsTools(openai(ofOpenAI.plain)));
  test('openai: responses answer', () => answers(responses(ofOpenAI.plain)));
  test('openai: responses stream', () => streams(responses(ofOpenAI.slow)));
  test('openai: embeddings', async () => {
    const embeddings = new OpenAIEmbeddings({ model: ofOpenAI.embedding, apiKey, configuration: { baseURL: `${baseUrl}/v1` } });

    assert.ok((await embeddings.embedQuery('hello')).length > 0);
  });
  test('anthropic: messages answer', () => answers(anthropic(ofAnthropic.plain)));
  test('anthropic: messages stream', () => streams(anthropic(ofAnthropic.slow)));
  test('anthropic: a tool is called', () => callsTools(anthropic(ofAnthropic.plain)));
  test('azure: chat completions answer', () => answers(azure(ofAzure.plain)));
  test('azure: chat completions stream', () => streams(azure(ofAzure.slow)));
  test('azure: a tool is called', () => callsTools(azure(ofAzure.plain)));
});
