using System.ClientModel;
using System.ClientModel.Primitives;
using System.Globalization;
using System.Text;
using OpenAI;
using OpenAI.Chat;

namespace FuncLimiter.Server.Tests.Sdk;

/// <summary>The OpenAI .NET package against the running server: nothing but endpoint and key are changed.</summary>
[Collection(DotNetSdk.Name)]
public sealed class OpenAIDotNetTests(SdkEnvironment environment)
{
    private static readonly SdkModels Models = SdkModels.All[0];
    private static readonly ChatMessage[] Hello = [new UserChatMessage("Say hello.")];
    private static readonly ChatTool WeatherTool = ChatTool.CreateFunctionTool(
        "get_weather", "The weather of a city.", BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"""));

    [Fact]
    public async Task Completion_WhenAsked_AnswersWithTextAndUsage()
    {
        var answer = (await Connect().GetChatClient(Models.Plain).CompleteChatAsync(Hello, new() { MaxOutputTokenCount = 20 })).Value;

        Assert.NotEmpty(answer.Content[0].Text);
        Assert.InRange(answer.Usage.OutputTokenCount, 1, 20);
        Assert.Equal(answer.Usage.InputTokenCount + answer.Usage.OutputTokenCount, answer.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task Completion_WhenStreamed_ArrivesPieceByPieceAndEndsWithItsUsage()
    {
        var text = new StringBuilder();
        var times = new List<DateTimeOffset>();
        ChatTokenUsage? usage = null;
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 20 };
        await foreach (var update in Connect().GetChatClient(Models.Slow).CompleteChatStreamingAsync(Hello, options))
        {
            times.Add(DateTimeOffset.UtcNow);
            usage = update.Usage ?? usage;
            text.AppendJoin("", update.ContentUpdate.Select(part => part.Text));
        }

        Assert.NotEmpty(text.ToString());
        Assert.InRange(usage!.OutputTokenCount, 1, 20);
        Assert.True(times[^1] - times[0] > TimeSpan.FromMilliseconds(300), $"All chunks came within {times[^1] - times[0]}.");
    }

    [Fact]
    public async Task Tool_WhenCalled_IsAnsweredInASecondTurn()
    {
        var client = Connect().GetChatClient(Models.Plain);
        var options = new ChatCompletionOptions { Tools = { WeatherTool } };
        List<ChatMessage> messages = [new UserChatMessage("Call the tool for the weather in Paris.")];
        var asked = (await client.CompleteChatAsync(messages, options)).Value;

        Assert.Equal(ChatFinishReason.ToolCalls, asked.FinishReason);
        var call = Assert.Single(asked.ToolCalls);
        Assert.Equal("get_weather", call.FunctionName);

        messages.AddRange([new AssistantChatMessage(asked), new ToolChatMessage(call.Id, """{"celsius":21}""")]);
        var answer = (await client.CompleteChatAsync(messages, options)).Value;

        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.NotEmpty(answer.Content[0].Text);
    }

    [Fact]
    public async Task Stream_WhenCancelled_EndsAtTheProviderToo()
    {
        using var cancellation = new CancellationTokenSource();
        var before = environment.Upstream.Report()[Models.Slow].Cancelled;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in Connect().GetChatClient(Models.Slow).CompleteChatStreamingAsync(Hello, new(), cancellation.Token))
            {
                await cancellation.CancelAsync();
            }
        });

        await Eventually.Holds(() => environment.Upstream.Report()[Models.Slow].Cancelled > before);
    }

    [Fact]
    public async Task Calls_OverTheLimit_WaitAndAreAnswered()
    {
        var client = Connect(maxRetries: 0).GetChatClient(Models.Paced);
        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => client.CompleteChatAsync(Hello)));

        Assert.All(answers, answer => Assert.NotEmpty(answer.Value.Content[0].Text));

        // What follows here uses the same model, and would wait behind these.
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        var arrived = environment.Upstream.Report()[Models.Paced].Calls;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.CompleteChatAsync(Hello, new(), cancellation.Token));
        await client.CompleteChatAsync(Hello);

        Assert.Equal(arrived + 1, environment.Upstream.Report()[Models.Paced].Calls);
    }

    [Fact]
    public async Task Embeddings_WhenAsked_ComeBackAsNumbers()
    {
        var answer = (await Connect().GetEmbeddingClient(Models.Embedding).GenerateEmbeddingsAsync(["one", "two"])).Value;

        Assert.Equal(2, answer.Count);
        Assert.All(answer, item => Assert.NotEmpty(item.ToFloats().ToArray()));
        Assert.True(answer.Usage.InputTokenCount > 0);
    }

    [Fact]
    public async Task Models_WhenListed_AreThoseOfTheConfiguration()
    {
        var listed = (await Connect().GetOpenAIModelClient().GetModelsAsync()).Value;

        Assert.Contains(Models.Plain, listed.Select(model => model.Id));
    }

    [Fact]
    public async Task Key_WhenUnknown_IsRefusedWith401()
    {
        const string Stranger = "nobody-knows-this-key";
        var error = await Fails(Connect(Stranger).GetChatClient(Models.Plain));

        Assert.Equal(401, error.Status);
        Assert.DoesNotContain(Stranger, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Model_WhenUnknown_IsRefusedWith404()
    {
        var error = await Fails(Connect().GetChatClient("no-such-model"));

        Assert.Equal(404, error.Status);
        Assert.Contains("no-such-model", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parameter_WhenBad_IsRefusedWith400ThatNamesIt()
    {
        var error = await Fails(Connect().GetChatClient(Models.Plain), new() { MaxOutputTokenCount = 0 });

        Assert.Equal(400, error.Status);
        Assert.Matches("max_(completion_)?tokens", error.Message);
    }

    [Fact]
    public async Task Call_WhenItWouldWaitTooLong_IsRefusedWith429AndTheTimeToComeBack()
    {
        var client = Connect(maxRetries: 0).GetChatClient(Models.Tight);
        await client.CompleteChatAsync(Hello);
        var error = await Fails(client);

        Assert.Equal(429, error.Status);
        Assert.True(error.GetRawResponse()!.Headers.TryGetValue("Retry-After", out var retryAfter));
        Assert.InRange(int.Parse(retryAfter!, CultureInfo.InvariantCulture), 1, 120);
    }

    [Fact]
    public async Task Failure_OfTheProvider_ComesThrough()
    {
        var error = await Fails(Connect(maxRetries: 0).GetChatClient(Models.Failing));

        Assert.InRange(error.Status, 500, 599);
    }

    [Fact]
    public async Task Overload_OfTheProvider_Is503()
    {
        var error = await Fails(Connect(maxRetries: 0).GetChatClient(Models.Overloaded));

        Assert.Equal(503, error.Status);
    }

    private static Task<ClientResultException> Fails(ChatClient client, ChatCompletionOptions? options = null) =>
        Assert.ThrowsAsync<ClientResultException>(() => client.CompleteChatAsync(Hello, options ?? new() { MaxOutputTokenCount = 10 }));

    private OpenAIClient Connect(string key = SdkEnvironment.TenantKey, int? maxRetries = null)
    {
        var options = new OpenAIClientOptions { Endpoint = new(environment.Address, "/v1") };
        if (maxRetries is { } retries)
        {
            options.RetryPolicy = new ClientRetryPolicy(retries);
        }

        return new(new ApiKeyCredential(key), options);
    }
}
