using System.ClientModel;
using OpenAI.Responses;

namespace FuncLimiter.Server.Tests.Sdk;

#pragma warning disable OPENAI001 // The package marks its responses client as an experiment; users use it all the same.

/// <summary>The responses API of the OpenAI .NET package against the running server.</summary>
[Collection(DotNetSdk.Name)]
public sealed class OpenAIDotNetResponsesTests(SdkEnvironment environment)
{
    private static readonly SdkModels Models = SdkModels.All[0];

    [Fact]
    public async Task Response_WhenAsked_AnswersWithTextAndUsage()
    {
        var response = (await Connect().CreateResponseAsync(Models.Plain, "Say hello.")).Value;

        Assert.Equal(ResponseStatus.Completed, response.Status);
        Assert.NotEmpty(response.GetOutputText());
        Assert.True(response.Usage.OutputTokenCount > 0);
    }

    [Fact]
    public async Task Response_WhenStreamed_ArrivesEventByEventAndCompletes()
    {
        var updates = new List<StreamingResponseUpdate>();
        await foreach (var update in await Connect().CreateResponseStreamingAsync(Models.Slow, "Say hello."))
        {
            updates.Add(update);
        }

        Assert.IsType<StreamingResponseCreatedUpdate>(updates[0]);
        Assert.IsType<StreamingResponseCompletedUpdate>(updates[^1]);
        Assert.NotEmpty(string.Concat(updates.OfType<StreamingResponseOutputTextDeltaUpdate>().Select(update => update.Delta)));
    }

    private ResponsesClient Connect() =>
        new(new ApiKeyCredential(SdkEnvironment.TenantKey), new() { Endpoint = new(environment.Address, "/v1") });
}
