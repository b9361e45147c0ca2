using System.ClientModel;
using System.ClientModel.Primitives;
using Anthropic;
using Anthropic.Models.Messages;
using Azure.AI.OpenAI;
using Microsoft.Extensions.AI;
using OpenAI;

namespace FuncLimiter.Server.Tests.Sdk;

#pragma warning disable OPENAI001 // The package marks its responses client as an experiment; users use it all the same.

/// <summary>The other .NET packages against the running server: nothing but endpoint and key are changed.</summary>
[Collection(DotNetSdk.Name)]
public sealed class OtherDotNetTests(SdkEnvironment environment)
{
    private static readonly SdkModels OpenAI = SdkModels.All[0];
    private static readonly SdkModels Azure = SdkModels.All[1];
    private static readonly SdkModels Claude = SdkModels.All[2];

    private Uri Root => new(environment.Address.GetLeftPart(UriPartial.Authority));

    [Fact]
    public async Task Anthropic_Message_AnswersWithTextAndUsage()
    {
        var message = await ConnectAnthropic().Messages.Create(Hello(Claude.Plain));

        Assert.True(message.Content[0].TryPickText(out var text));
        Assert.NotEmpty(text.Text);
        Assert.InRange(message.Usage.OutputTokens, 1, 20);
    }

    [Fact]
    public async Task Anthropic_Message_WhenStreamed_ArrivesPieceByPieceToItsLastEvent()
    {
        var times = new List<DateTimeOffset>();
        var isStopped = false;
        await foreach (var one in ConnectAnthropic().Messages.CreateStreaming(Hello(Claude.Slow)))
        {
            times.Add(DateTimeOffset.UtcNow);
            isStopped |= one.TryPickStop(out _);
        }

        Assert.True(isStopped);
        Assert.True(times[^1] - times[0] > TimeSpan.FromMilliseconds(300), $"All events came within {times[^1] - times[0]}.");
    }

    [Fact]
    public async Task Anthropic_WhenTheModelIsUnknown_ThrowsNotFound()
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => ConnectAnthropic().Messages.Create(Hello("no-such-model")));

        Assert.Contains("NotFound", failure.GetType().Name, StringComparison.Ordinal);
        Assert.Contains("no-such-model", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("openai responses")]
    [InlineData("azure-openai")]
    [InlineData("anthropic")]
    public async Task ExtensionsAI_Tool_IsCalledAndItsResultAnswered(string provider)
    {
        var asked = 0;
        using var client = Chat(provider).AsBuilder().UseFunctionInvocation().Build();
        var options = new ChatOptions
        {
            MaxOutputTokens = 100,
            Tools = [AIFunctionFactory.Create(() => $"{20 + Interlocked.Increment(ref asked)} degrees", "get_weather", "The weather of a city.")],
        };

        var answer = await client.GetResponseAsync([new ChatMessage(ChatRole.User, "Call the tool for the weather in Paris.")], options);

        Assert.Equal(1, asked);
        Assert.NotEmpty(answer.Text);
        Assert.True(answer.Usage?.InputTokenCount > 0);
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("azure-openai")]
    [InlineData("anthropic")]
    public async Task ExtensionsAI_Stream_ArrivesWithItsUsage(string provider)
    {
        using var client = Chat(provider);

        var answer = await client.GetStreamingResponseAsync("Say hello.", new ChatOptions { MaxOutputTokens = 20 }).ToChatResponseAsync();

        Assert.NotEmpty(answer.Text);
        Assert.True(answer.Usage?.OutputTokenCount > 0);
    }

    private static MessageCreateParams Hello(string model) => new() { MaxTokens = 20, Model = model, Messages = [new UserMessageParam("Say hello.")] };

    private IChatClient Chat(string provider) => provider switch
    {
        "openai" => ConnectOpenAI().GetChatClient(OpenAI.Plain).AsIChatClient(),
        "openai responses" => ConnectOpenAI().GetResponsesClient().AsIChatClient(OpenAI.Plain),
        "azure-openai" => ConnectAzure().GetChatClient(Azure.Plain).AsIChatClient(),
        _ => ConnectAnthropic().AsIChatClient(Claude.Plain),
    };

    private OpenAIClient ConnectOpenAI() =>
        new(new ApiKeyCredential(SdkEnvironment.TenantKey), new OpenAIClientOptions { Endpoint = new Uri(Root, "/v1") });

    private AzureOpenAIClient ConnectAzure() =>
        new(Root, new ApiKeyCredential(SdkEnvironment.TenantKey), new AzureOpenAIClientOptions { RetryPolicy = new ClientRetryPolicy(0) });

    private AnthropicClient ConnectAnthropic() => new() { ApiKey = SdkEnvironment.TenantKey, BaseUrl = Root.AbsoluteUri.TrimEnd('/'), MaxRetries = 0 };
}
