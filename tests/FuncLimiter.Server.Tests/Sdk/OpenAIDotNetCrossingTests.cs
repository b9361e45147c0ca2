using System.ClientModel;
using System.Text;
using OpenAI;
using OpenAI.Chat;

namespace FuncLimiter.Server.Tests.Sdk;

/// <summary>The OpenAI .NET package served by models that Anthropic alone offers: nothing but the model's name tells it so.</summary>
[Collection(DotNetSdk.Name)]
public sealed class OpenAIDotNetCrossingTests(SdkEnvironment environment)
{
    private static readonly SdkModels Models = SdkModels.All.Single(models => models.Provider == "anthropic");
    private static readonly ChatTool WeatherTool = ChatTool.CreateFunctionTool(
        "get_weather", "The weather of a city.", BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"""));

    [Fact]
    public async Task Completion_OfAnAnthropicModel_AnswersWithTextAndUsage()
    {
        var answer = await Connect(Models.Plain).CompleteChatAsync([new SystemChatMessage("Be brief."), new UserChatMessage("Say hello.")]);

        Assert.NotEmpty(answer.Value.Content[0].Text);
        Assert.Equal(answer.Value.Usage.InputTokenCount + answer.Value.Usage.OutputTokenCount, answer.Value.Usage.TotalTokenCount);
        Assert.True(answer.GetRawResponse().Headers.TryGetValue("X-FuncLimiter-Deployment", out var deployment));
        Assert.Equal($"claude-account/{Models.Plain}", deployment);
    }

    [Fact]
    public async Task Completion_OfAnAnthropicModel_StreamsAndEndsWithItsUsage()
    {
        var text = new StringBuilder();
        ChatTokenUsage? usage = null;
        ChatFinishReason? reason = null;
        await foreach (var update in Connect(Models.Plain).CompleteChatStreamingAsync([new UserChatMessage("Say hello.")]))
        {
            usage = update.Usage ?? usage;
            reason = update.FinishReason ?? reason;
            text.AppendJoin("", update.ContentUpdate.Select(part => part.Text));
        }

        Assert.NotEmpty(text.ToString());
        Assert.True(usage!.InputTokenCount > 0 && usage.OutputTokenCount > 0);
        Assert.NotNull(reason);
    }

    [Fact]
    public async Task Tool_CalledByAnAnthropicModel_IsAnsweredInASecondTurn()
    {
        var client = Connect(Models.Plain);
        var options = new ChatCompletionOptions { Tools = { WeatherTool } };
        List<ChatMessage> messages = [new UserChatMessage("Call the tool for the weather in Paris.")];
        var asked = (await client.CompleteChatAsync(messages, options)).Value;

        Assert.Equal(ChatFinishReason.ToolCalls, asked.FinishReason);
        var call = Assert.Single(asked.ToolCalls);
        messages.AddRange([new AssistantChatMessage(asked), new ToolChatMessage(call.Id, """{"celsius":21}""")]);

        Assert.Equal(ChatFinishReason.Stop, (await client.CompleteChatAsync(messages, options)).Value.FinishReason);
    }

    private ChatClient Connect(string model) =>
        new OpenAIClient(new ApiKeyCredential(SdkEnvironment.TenantKey), new() { Endpoint = new(environment.Address, "/v1") }).GetChatClient(model);
}
