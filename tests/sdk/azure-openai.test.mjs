import { describe } from 'node:test';
import { AzureOpenAI } from 'openai';
import { chatSuite } from './chat.suite.mjs';
import { apiKey, baseUrl, modelsOf } from './support/environment.mjs';

const connect = (options) => new AzureOpenAI({ endpoint: baseUrl, apiKey, apiVersion: '2024-10-21', ...options });

describe('azure openai', () => {
  chatSuite(connect, modelsOf('AZURE'));
});
