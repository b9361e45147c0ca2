import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApiError, GoogleGenAI } from '@google/genai';
import { apiKey, baseUrl, modelsOf } from './support/environment.mjs';

const model = modelsOf('SCRIPTED').gemini;
const connect = (key) => new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl } });
const client = connect(apiKey);

describe('google genai', () => {
  test('content is generated with text and usage', async () => {
    const answer = await client.models.generateContent({ model, contents: 'Say hello.' });

    assert.equal(answer.text, 'from Gemini');
    assert.equal(answer.usageMetadata.totalTokenCount, 15);
  });

  test('content streams to its usage', async () => {
    let text = '';
    let usage;
    for await (const chunk of await client.models.generateContentStream({ model, contents: 'Say hello.' })) {
      text += chunk.text ?? '';
      usage = chunk.usageMetadata ?? usage;
    }

    assert.equal(text, 'Hello from Gemini');
    assert.equal(usage.totalTokenCount, 15);
  });

  test('a chat goes on', async () => {
    const chat = client.chats.create({ model });
    await chat.sendMessage({ message: 'Say hello.' });
    const answer = await chat.sendMessage({ message: 'Again.' });

    assert.equal(answer.text, 'from Gemini');
    assert.equal(chat.getHistory().length, 4);
  });

  test('a function is called, its result answered in turn two', async () => {
    const tools = [{ functionDeclarations: [{ name: 'get_weather', description: 'The weather of a city.', parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } } } }] }];
    const contents = [{ role: 'user', parts: [{ text: 'The weather in Paris?' }] }];
    const asked = await client.models.generateContent({ model, contents, config: { tools } });

    assert.equal(asked.functionCalls[0].name, 'get_weather');

    contents.push(asked.candidates[0].content, { role: 'user', parts: [{ functionResponse: { name: 'get_weather', response: { celsius: 21 } } }] });
    const answer = await client.models.generateContent({ model, contents, config: { tools } });

    assert.match(answer.text, /21/);
  });

  test('tokens are counted', async () => {
    assert.equal((await client.models.countTokens({ model, contents: 'Say hello.' })).totalTokens, 12);
  });

  test('a bad key is a 401', async () => {
    const error = await connect('nobody-knows-this-key').models.generateContent({ model, contents: 'Hello.' }).catch((reason) => reason);

    assert.ok(error instanceof ApiError, `${error}`);
    assert.equal(error.status, 401);
    assert.ok(!error.message.includes('nobody-knows-this-key'));
  });

  test('an unknown model is a 404 that names it', async () => {
    const error = await client.models.generateContent({ model: 'no-such-model', contents: 'Hello.' }).catch((reason) => reason);

    assert.equal(error.status, 404);
    assert.match(error.message, /no-such-model/);
  });
});
