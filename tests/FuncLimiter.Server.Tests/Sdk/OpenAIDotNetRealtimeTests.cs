using System.ClientModel;
using OpenAI.Realtime;

namespace FuncLimiter.Server.Tests.Sdk;

#pragma warning disable OPENAI002 // The package marks its realtime client as an experiment; users use it all the same.

/// <summary>The realtime API of the OpenAI .NET package against the running server, text alone.</summary>
[Collection(DotNetSdk.Name)]
public sealed class OpenAIDotNetRealtimeTests(SdkEnvironment environment) : IDisposable
{
    private readonly CancellationTokenSource _enough = new(TimeSpan.FromSeconds(60));

    [Fact]
    public async Task Session_WhenAskedTwice_AnswersWithTextAndUsage()
    {
        using var session = await Connect(SdkEnvironment.TenantKey).StartConversationSessionAsync(SdkEnvironment.ScriptedGpt, cancellationToken: _enough.Token);
        await session.ConfigureConversationSessionAsync(new RealtimeConversationSessionOptions { Instructions = "Be kind." }, _enough.Token);
        for (var turn = 0; turn < 2; turn++)
        {
            await session.AddItemAsync(RealtimeItem.CreateUserMessageItem("Say hello."), _enough.Token);
            await session.StartResponseAsync(_enough.Token);
            var (text, usage) = await AnswerAsync(session);

            Assert.Equal(string.Concat(ScriptedSockets.Said), text);
            Assert.Equal(ScriptedProvider.InputTokens + ScriptedProvider.OutputTokens, usage.TotalTokenCount);
        }
    }

    [Fact]
    public async Task Session_OfNobody_IsRefusedBeforeItIsMade() =>
        Assert.Contains("401", (await Assert.ThrowsAnyAsync<Exception>(
            () => Connect("nobody-knows-this-key").StartConversationSessionAsync(SdkEnvironment.ScriptedGpt, cancellationToken: _enough.Token))).Message, StringComparison.Ordinal);

    public void Dispose() => _enough.Dispose();

    private async Task<(string Text, RealtimeResponseUsage Usage)> AnswerAsync(RealtimeSessionClient session)
    {
        var text = string.Empty;
        await foreach (var update in session.ReceiveUpdatesAsync(_enough.Token))
        {
            switch (update)
            {
                case RealtimeServerUpdateResponseOutputTextDelta delta:
                    text += delta.Delta;
                    break;
                case RealtimeServerUpdateResponseDone done:
                    return (text, done.Response.Usage);
                case RealtimeServerUpdateError error:
                    throw new InvalidOperationException(error.Error.Message);
            }
        }

        throw new InvalidOperationException("The session ended in the middle of an answer.");
    }

    private RealtimeClient Connect(string key) => new(new ApiKeyCredential(key), new() { Endpoint = new(environment.Address, "/v1") });
}
