#:package Microsoft.SemanticKernel.Connectors.OpenAI@1.82.0
#:property PublishAot=false

// Semantic Kernel behind FuncLimiter: it takes an OpenAI client, whose address is FuncLimiter's.
// To run it: FUNCLIMITER_URL=http://127.0.0.1:8080 dotnet run semantic-kernel.cs
// FUNCLIMITER_KEY is a tenant's key; where no tenants are configured, any will do.
// It prints: the kernel answered
using System.ClientModel;
using System.ClientModel.Primitives;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.Connectors.OpenAI;
using OpenAI;

var address = Environment.GetEnvironmentVariable("FUNCLIMITER_URL") ?? "http://127.0.0.1:8080";
using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
http.DefaultRequestHeaders.Add("X-Workflow", "samples");
http.DefaultRequestHeaders.Add("X-Step", "dotnet/semantic-kernel");

var client = new OpenAIClient(
    new ApiKeyCredential(Environment.GetEnvironmentVariable("FUNCLIMITER_KEY") ?? "any"),
    new() { Endpoint = new(new Uri(address), "/v1"), Transport = new HttpClientPipelineTransport(http), RetryPolicy = new ClientRetryPolicy(0) });
var kernel = Kernel.CreateBuilder().AddOpenAIChatCompletion("gpt-4o-mini", client).Build();

var answer = await kernel.InvokePromptAsync<string>("Say hello.", new(new OpenAIPromptExecutionSettings { MaxTokens = 20 }));
Console.WriteLine(string.IsNullOrEmpty(answer) ? "the kernel said nothing" : "the kernel answered");
