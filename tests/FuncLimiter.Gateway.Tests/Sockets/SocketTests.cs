using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Tests.Hosting;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Tests.Sockets;

public sealed class SocketTests : SocketSuite
{
    [Fact]
    public async Task Realtime_GoesBothWays_WithTheAccountsKeyAndItsModel()
    {
        await using var gateway = await TestGateway.StartAsync(Keyed, takesSockets: true);
        var heard = Answering(gateway, """{"type":"response.done","event_id":"e2","response":{"id":"resp_1","usage":USAGE}}""");

        using var socket = await ConnectAsync(gateway, "/v1/realtime?model=voice&x=1", options =>
        {
            options.SetRequestHeader("Authorization", $"Bearer {Samples.AcmeKey}");
            options.SetRequestHeader("OpenAI-Beta", "realtime=v1");
            options.AddSubProtocol("realtime");
        });
        await SendAsync(socket, """{"type":"session.update","session":{"instructions":"Be kind."}}""");
        await SendAsync(socket, """{"type":"response.create"}""");
        var told = await ReceiveAsync(socket, 2);
        await CloseAsync(socket);

        var asked = Assert.Single(gateway.Provider.Requests);
        Assert.Equal(("/v1/realtime", "?x=1&model=gpt-x"), (asked.Path, asked.Query));
        Assert.Equal($"Bearer {Samples.AccountKey}", asked.Headers["Authorization"]);
        Assert.Equal("realtime=v1", asked.Headers["OpenAI-Beta"]);
        Assert.DoesNotContain(asked.Headers.Values, value => value.Contains(Samples.AcmeKey, StringComparison.Ordinal));
        Assert.Equal("realtime", socket.SubProtocol);
        Assert.Equal("openai-1/gpt-x", socket.HttpResponseHeaders!["X-FuncLimiter-Deployment"].Single());
        Assert.Equal(["""{"type":"session.update","session":{"instructions":"Be kind."}}""", """{"type":"response.create"}"""], heard);
        Assert.Equal("response.created", Type(told[0]));
        Assert.Equal("response.done", Type(told[1]));
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Fact]
    public async Task Connection_IsOneRequestAndOnePlace_AndEachAnswerIsChargedWhatItsUsageTells()
    {
        await using var gateway = await TestGateway.StartAsync(Keyed, takesSockets: true);
        Answering(gateway, """{"type":"response.done","event_id":"e2","response":{"id":"resp_1","usage":USAGE}}""");

        using var socket = await ConnectAsync(gateway, "/v1/realtime?model=voice");
        await SendAsync(socket, """{"type":"response.create"}""");
        await ReceiveAsync(socket, 2);
        await SendAsync(socket, """{"type":"response.create"}""");
        await ReceiveAsync(socket, 2);
        await CloseAsync(socket);
        await Until(() => gateway.Usage.All.Count == 3);

        Assert.Equal([1, 0, 0], gateway.Limiter.Requests.Select(request => request.Provider[0].Concurrent));
        Assert.Equal([1, 0, 0], gateway.Limiter.Requests.Select(request => request.Consumer.Concurrent));
        Assert.Equal(0, gateway.Limiter.Requests[0].Provider[0].Tokens);
        Assert.All(gateway.Limiter.Requests, request => Assert.Equal(1, request.Provider[0].Requests));
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(3));
        Assert.Equal([new TokenUsage(20, 5, 8), new TokenUsage(20, 5, 8), null], gateway.Usage.All.Select(record => record.Usage));
        Assert.Equal(2, gateway.Limiter.Settlements.Count(settlement => settlement.Consumer.Tokens == 25));
    }

    [Fact]
    public async Task Responses_TakeTheirModelFromEachMessage()
    {
        await using var gateway = await TestGateway.StartAsync(Keyed, takesSockets: true);
        var heard = Answering(gateway, """{"type":"response.completed","response":{"id":"resp_1","status":"completed","usage":{"input_tokens":20,"output_tokens":5,"total_tokens":25}}}""");

        using var socket = await ConnectAsync(gateway, "/v1/responses");
        await SendAsync(socket, """{"type":"response.create","model":"voice","input":"Hi","store":false}""");
        await ReceiveAsync(socket, 2);
        await SendAsync(socket, """{"type":"response.create","model":"nobody","input":"Hi"}""");
        var error = JsonDocument.Parse((await ReceiveAsync(socket, 1))[0]).RootElement;
        await SendAsync(socket, """{"type":"response.create","input":"Hi","event_id":"mine"}""");
        var missing = JsonDocument.Parse((await ReceiveAsync(socket, 1))[0]).RootElement;
        await CloseAsync(socket);
        await Until(() => gateway.Usage.All.Count == 2);

        Assert.Equal(["""{"type":"response.create","model":"gpt-x","input":"Hi","store":false}"""], heard);
        Assert.Equal("error", error.GetProperty("type").GetString());
        Assert.Equal(404, error.GetProperty("status").GetInt32());
        Assert.Equal("model_not_found", error.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("model", missing.GetProperty("error").GetProperty("param").GetString());
        Assert.Equal("mine", missing.GetProperty("error").GetProperty("event_id").GetString());
        var record = gateway.Usage.All[0];
        Assert.Equal((Operation.Responses, "voice", "openai-1/gpt-x", new TokenUsage(20, 5)), (record.Operation, record.Route, record.Deployment, record.Usage));
    }

    [Fact]
    public async Task Response_OfAnotherTenant_IsNotThere_OnAConnectionEither()
    {
        await using var gateway = await TestGateway.StartAsync(Keyed, takesSockets: true);
        gateway.Provider.AnswerWith(200, """{"id":"resp_other","object":"response","status":"completed","usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}""");
        using var made = await gateway.PostAsync("/v1/responses", """{"model":"voice","input":"Hi"}""", ("Authorization", "Bearer fl-globex-key"));
        var heard = Answering(gateway, """{"type":"response.completed","response":{"id":"resp_1","status":"completed","usage":{"input_tokens":20,"output_tokens":5,"total_tokens":25}}}""");

        using var socket = await ConnectAsync(gateway, "/v1/responses");
        await SendAsync(socket, """{"type":"response.create","model":"voice","input":"Hi","previous_response_id":"resp_other"}""");
        var error = JsonDocument.Parse((await ReceiveAsync(socket, 1))[0]).RootElement;
        await CloseAsync(socket);

        Assert.Equal(HttpStatusCode.OK, made.StatusCode);
        Assert.Equal(("error", 404), (error.GetProperty("type").GetString(), error.GetProperty("status").GetInt32()));
        Assert.Empty(heard);
    }

    [Fact]
    public async Task Limits_AreCheckedBeforeTheConnectionIsMade()
    {
        await using var gateway = await TestGateway.StartAsync(
            address => Limited(address, new Limit(Dimension.Concurrent, 1, TimeSpan.Zero, LimitAlgorithm.Concurrency)), realLimiter: Real, takesSockets: true);
        Answering(gateway, "{}");

        using var first = await ConnectAsync(gateway, "/v1/realtime?model=voice");
        using var second = new ClientWebSocket();
        second.Options.CollectHttpResponseDetails = true;
        second.Options.SetRequestHeader("Authorization", $"Bearer {Samples.AcmeKey}");
        second.Options.SetRequestHeader("Prefer", "wait=0");
        await Assert.ThrowsAsync<WebSocketException>(() => second.ConnectAsync(Address(gateway, "/v1/realtime?model=voice"), Enough.Token));

        Assert.Equal(HttpStatusCode.TooManyRequests, second.HttpStatusCode);
        Assert.Single(gateway.Provider.Requests);
        await CloseAsync(first);
        await Until(() => gateway.Usage.All.Count == 2);
        using var third = await ConnectAsync(gateway, "/v1/realtime?model=voice");
        Assert.Equal(WebSocketState.Open, third.State);
    }

    [Fact]
    public async Task Answer_ThatWouldWaitTooLong_IsRefusedOnTheConnection_AndReachesNoProvider()
    {
        await using var gateway = await TestGateway.StartAsync(
            address => Limited(address, new Limit(Dimension.Requests, 2, TimeSpan.FromMinutes(1), LimitAlgorithm.Sliding)), realLimiter: Real, takesSockets: true);
        var heard = Answering(gateway, """{"type":"response.done","response":{"id":"resp_1","usage":USAGE}}""");

        using var socket = await ConnectAsync(gateway, "/v1/realtime?model=voice", options => options.SetRequestHeader("Prefer", "wait=0"));
        await SendAsync(socket, """{"type":"response.create"}""");
        await ReceiveAsync(socket, 2);
        await SendAsync(socket, """{"type":"response.create","event_id":"third"}""");
        var error = JsonDocument.Parse((await ReceiveAsync(socket, 1))[0]).RootElement;

        Assert.Equal(429, error.GetProperty("status").GetInt32());
        Assert.Equal("third", error.GetProperty("error").GetProperty("event_id").GetString());
        Assert.Contains("openai-1/gpt-x", error.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Single(heard);
    }

    [Fact]
    public async Task Answer_ThatTheProviderBeginsByItself_IsChargedWhenItsUsageIsTold()
    {
        await using var gateway = await TestGateway.StartAsync(Keyed, takesSockets: true);
        gateway.Provider.Answer = async (context, _) =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await SendAsync(socket, """{"type":"response.created","response":{"id":"resp_9"}}""");
            await SendAsync(socket, """{"type":"response.done","response":{"id":"resp_9","usage":USAGE}}""".Replace("USAGE", Usage, StringComparison.Ordinal));
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", Enough.Token);
        };

        using var socket = await ConnectAsync(gateway, "/v1/realtime?model=voice");
        await ReceiveAsync(socket, 2);
        await Until(() => gateway.Usage.All.Any(record => record.Usage == new TokenUsage(20, 5, 8)));

        Assert.Contains(gateway.Limiter.Settlements, settlement => settlement.Consumer.Tokens == 25);
    }

    [Fact]
    public async Task Caller_WhoIsLost_EndsTheProvidersSide_AndWhatWasUnderWayIsSettled()
    {
        await using var gateway = await TestGateway.StartAsync(Keyed, takesSockets: true);
        var ended = new TaskCompletionSource<WebSocketCloseStatus?>();
        gateway.Provider.Answer = async (context, _) =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await HearAsync(socket);
            await SendAsync(socket, """{"type":"response.created","response":{"id":"resp_1"}}""");
            await HearAsync(socket);
            ended.SetResult(socket.CloseStatus);
        };

        var socket = await ConnectAsync(gateway, "/v1/realtime?model=voice");
        await SendAsync(socket, """{"type":"response.create"}""");
        await ReceiveAsync(socket, 1);
        socket.Abort();
        socket.Dispose();

        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await ended.Task.WaitAsync(Enough.Token));
        await Until(() => gateway.Usage.All.Count == 2);
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(2));
    }

    [Fact]
    public async Task Provider_WhoRefusesTheConnection_IsFailedOver_OrToldAsItIs()
    {
        await using var gateway = await TestGateway.StartAsync(address => Keyed(address) with
        {
            Routes = [new("voice", ["openai-1/gpt-x"], ["openai-2/gpt-y"]), new("only", ["openai-1/gpt-x"], [])],
        }, time: new HastyTime(), takesSockets: true);
        gateway.Provider.AnswerInTurn(
            context => FakeProvider.WriteAsync(context, 503, """{"error":{"message":"Busy","code":"server_is_overloaded"}}"""),
            async context =>
            {
                using var socket = await context.WebSockets.AcceptWebSocketAsync();
                await HearAsync(socket);
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Enough.Token);
            },
            context => FakeProvider.WriteAsync(context, 400, """{"error":{"message":"No such thing.","type":"invalid_request_error","code":"no"}}"""));

        using var served = await ConnectAsync(gateway, "/v1/realtime?model=voice");
        using var refused = new ClientWebSocket();
        refused.Options.CollectHttpResponseDetails = true;
        refused.Options.SetRequestHeader("Authorization", $"Bearer {Samples.AcmeKey}");
        await Assert.ThrowsAsync<WebSocketException>(() => refused.ConnectAsync(Address(gateway, "/v1/realtime?model=only"), Enough.Token));

        Assert.Equal("openai-2/gpt-y", served.HttpResponseHeaders!["X-FuncLimiter-Deployment"].Single());
        Assert.Equal(HttpStatusCode.BadRequest, refused.HttpStatusCode);
    }

    [Theory]
    [InlineData("/v1/realtime?model=voice", null, HttpStatusCode.Unauthorized)]
    [InlineData("/v1/realtime?model=nobody", Samples.AcmeKey, HttpStatusCode.NotFound)]
    [InlineData("/v1/realtime", Samples.AcmeKey, HttpStatusCode.BadRequest)]
    [InlineData("/v1/chat/completions", Samples.AcmeKey, HttpStatusCode.MethodNotAllowed)]
    [InlineData("/v1/organization/costs", Samples.AcmeKey, HttpStatusCode.NotFound)]
    public async Task Connection_ThatMayNotBe_IsRefusedBeforeItIsMade(string path, string? key, HttpStatusCode expected)
    {
        await using var gateway = await TestGateway.StartAsync(Keyed, takesSockets: true);
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        if (key is not null)
        {
            socket.Options.SetRequestHeader("x-api-key", key);
        }

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(Address(gateway, path), Enough.Token));

        Assert.Equal(expected, socket.HttpStatusCode);
        Assert.Empty(gateway.Provider.Requests);
        Assert.Empty(gateway.Limiter.Requests);
    }

    [Fact]
    public async Task Connection_ToAModelThatTheTenantMayNotUse_IsRefusedBeforeItIsMade()
    {
        await using var gateway = await TestGateway.StartAsync(
            address => Keyed(address) with { Tenants = [Keyed(address).Tenants[0] with { Models = ["gpt-x"] }] }, takesSockets: true);
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.SetRequestHeader("x-api-key", Samples.AcmeKey);

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(Address(gateway, "/v1/realtime?model=voice"), Enough.Token));

        Assert.Equal(HttpStatusCode.Forbidden, socket.HttpStatusCode);
        Assert.Empty(gateway.Provider.Requests);
    }

    [Theory]
    [InlineData("https://elsewhere.example", HttpStatusCode.Forbidden)]
    [InlineData(null, HttpStatusCode.SwitchingProtocols)]
    public async Task Page_OfAnotherSite_ConnectsToNobody_WhereNoKeyIsNeeded(string? origin, HttpStatusCode expected)
    {
        await using var gateway = await TestGateway.StartAsync(address => Keyed(address) with { Tenants = [] }, takesSockets: true);
        Answering(gateway, "{}");
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        if (origin is not null)
        {
            socket.Options.SetRequestHeader("Origin", origin);
        }

        var failure = await Record.ExceptionAsync(() => socket.ConnectAsync(Address(gateway, "/v1/realtime?model=voice"), Enough.Token));

        Assert.Equal(expected, socket.HttpStatusCode);
        Assert.Equal(origin is null, failure is null);
        Assert.Equal(origin is null ? 1 : 0, gateway.Provider.Requests.Count);
    }

    [Fact]
    public async Task Key_AmongTheSubprotocols_IsTakenAndGoesNoFurther()
    {
        await using var gateway = await TestGateway.StartAsync(Keyed, takesSockets: true);
        Answering(gateway, "{}");
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("realtime");
        socket.Options.AddSubProtocol($"openai-insecure-api-key.{Samples.AcmeKey}");
        socket.Options.AddSubProtocol("openai-beta.realtime-v1");

        await socket.ConnectAsync(Address(gateway, "/v1/realtime?model=voice"), Enough.Token);

        Assert.Equal("realtime", socket.SubProtocol);
        Assert.Equal("realtime, openai-beta.realtime-v1", gateway.Provider.Requests.Single().Headers["Sec-WebSocket-Protocol"]);
    }

    [Theory]
    [InlineData("/v1/responses")]
    [InlineData("/openai/realtime?deployment=voice")]
    public async Task Host_ThatTakesNoWebSockets_SaysSo_AndWhatDoes(string path)
    {
        await using var gateway = await TestGateway.StartAsync(Keyed);

        using var answer = await gateway.GetAsync(
            path, ("api-key", Samples.AcmeKey), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "AAECAwQFBgcICQoLDA0ODw=="));
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());

        Assert.Equal(HttpStatusCode.NotImplemented, answer.StatusCode);
        Assert.Equal("websockets_not_served", body.RootElement.GetProperty("error").GetProperty("code").GetString());
        Assert.Contains("Container Apps", body.RootElement.GetRawText(), StringComparison.Ordinal);
        Assert.Empty(gateway.Provider.Requests);
    }
}
