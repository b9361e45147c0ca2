import assert from 'node:assert/strict';
import { connect as dial } from 'node:net';
import { describe, test } from 'node:test';
import OpenAI, { AzureOpenAI } from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { apiKey, baseUrl, modelsOf } from './support/environment.mjs';

const models = modelsOf('SCRIPTED');
const client = new OpenAI({ baseURL: `${baseUrl}/v1`, apiKey });

// Its Realtime client speaks TLS always, and here nobody stands in front of the server to end it.
const options = { createConnection: ({ host, port }) => dial({ host, port }) };
const text = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Say hello.' }] };

/** The events up to the last of a kind; an error is thrown. */
const until = (socket, last) => new Promise((resolve, reject) => {
  const events = [];
  socket.on('error', reject);
  socket.on('event', (event) => {
    events.push(event);
    if (event.type === last) resolve(events);
  });
});

const closed = (socket) => new Promise((resolve) => socket.on('close', (code) => resolve(code)));
const textOf = (events) => events.filter((event) => event.type === 'response.output_text.delta').map((event) => event.delta).join('');

const speak = async (socket, model) => {
  const created = await until(socket, 'session.created');
  assert.equal(created.at(-1).session.model, model);

  socket.send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'], instructions: 'Be kind.' } });
  assert.equal((await until(socket, 'session.updated')).at(-1).session.instructions, 'Be kind.');

  for (let turn = 0; turn < 2; turn += 1) {
    const answer = until(socket, 'response.done');
    socket.send({ type: 'conversation.item.create', item: text });
    socket.send({ type: 'response.create' });
    const events = await answer;

    assert.equal(textOf(events), 'Hello over a socket.');
    assert.equal(events.at(-1).response.usage.total_tokens, 70);
  }

  const end = closed(socket.socket);
  socket.close();
  assert.equal(await end, 1000);
};

describe('openai over sockets', () => {
  test('a realtime session answers twice, in text, with its usage', () =>
    speak(new OpenAIRealtimeWS({ model: models.gpt, options }, client), models.gpt));

  test('a realtime session at azure does the same', async () => {
    const azure = new AzureOpenAI({ endpoint: baseUrl, apiKey, apiVersion: '2024-10-21', deployment: models.azure });

    await speak(await OpenAIRealtimeWS.azure(azure, { options }), models.azure);
  });

  test('a realtime session of nobody is refused before it is made', async () => {
    const socket = new OpenAIRealtimeWS({ model: models.gpt, options }, new OpenAI({ baseURL: `${baseUrl}/v1`, apiKey: 'nobody-knows-this-key' }));

    await assert.rejects(until(socket, 'session.created'), /401/);
  });

  test('responses are answered one after the other on one socket', async () => {
    const socket = new ResponsesWS(client);
    for (let turn = 0; turn < 2; turn += 1) {
      const answer = until(socket, 'response.completed');
      socket.send({ type: 'response.create', model: models.gpt, input: [text], store: false });
      const events = await answer;

      assert.equal(textOf(events), 'Hello over a socket.');
      assert.equal(events.at(-1).response.usage.total_tokens, 70);
      assert.equal(events.at(-1).response.model, models.gpt);
    }

    socket.close();
  });

  test('a response of a model that nobody has is an error event, and the socket goes on', async () => {
    const socket = new ResponsesWS(client);
    const refused = await new Promise((resolve) => {
      socket.on('error', resolve);
      socket.send({ type: 'response.create', model: 'nobody-has-this', input: [text] });
    });

    assert.equal(refused.error.error.code, 'model_not_found');

    const answer = new Promise((resolve) => socket.on('response.completed', resolve));
    socket.send({ type: 'response.create', model: models.gpt, input: [text] });
    assert.equal((await answer).response.status, 'completed');
    socket.close();
  });
});
