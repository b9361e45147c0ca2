using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Alerts;
using FuncLimiter.Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace FuncLimiter.Gateway.Tests.Alerts;

public class AlertWebhookTests
{
    private static readonly AlertNotice Notice = new(
        AlertChange.Raised,
        new Alert(
            "deployment:east/gpt-x", Dimension.Tokens, 60, AlertLevel.Warn, 0.8312, Instant.From(DateTimeOffset.UnixEpoch),
            "workflow nightly of acme takes 78 % of it", ["background leaves 3 % of it to others"]),
        DateTimeOffset.UnixEpoch);

    [Fact]
    public async Task Alert_IsTold_SignedAsStandardWebhooksSays()
    {
        await using var receiver = await FakeProvider.StartAsync();
        using var webhook = Webhook(receiver, TimeProvider.System);

        await webhook.SendAsync(Notice, CancellationToken.None);

        var request = Assert.Single(receiver.Requests);
        using var body = JsonDocument.Parse(request.Text);
        Assert.Equal("alert.raised", body.RootElement.GetProperty("type").GetString());
        Assert.Equal(0.831, body.RootElement.GetProperty("use").GetDouble());
        Assert.Equal("workflow nightly of acme takes 78 % of it", body.RootElement.GetProperty("cause").GetString());
        var (id, timestamp) = (request.Headers["webhook-id"], request.Headers["webhook-timestamp"]);
        Assert.Equal(SignedPost.Sign("hook-secret"u8.ToArray(), id, timestamp, request.Body), request.Headers["webhook-signature"]);
    }

    [Fact]
    public async Task Alert_ThatIsNotTaken_IsTriedAgainUnderTheSameId_AFewTimes()
    {
        await using var receiver = await FakeProvider.StartAsync();
        receiver.Answer = (context, _) => FakeProvider.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "{}");
        using var webhook = Webhook(receiver, new PauselessTime());

        await webhook.SendAsync(Notice, CancellationToken.None);

        Assert.Equal(4, receiver.Requests.Count);
        Assert.Single(receiver.Requests.Select(request => request.Headers["webhook-id"]).Distinct());
    }

    [Fact]
    public void WithoutAnAddress_NobodyIsTold()
    {
        using var webhook = new AlertWebhook(Samples.Open(new Uri("http://127.0.0.1:1")), TimeProvider.System, NullLogger<AlertWebhook>.Instance);

        Assert.False(webhook.IsWanted);
    }

    private static AlertWebhook Webhook(FakeProvider receiver, TimeProvider time) => new(
        Samples.Open(receiver.Address) with { Alerts = new AlertConfiguration { Webhook = new Uri(receiver.Address, "/alerts").ToString(), WebhookSecret = "hook-secret" } },
        time,
        NullLogger<AlertWebhook>.Instance);

    /// <summary>A clock on which the pauses between attempts take no time; an attempt itself has its ten seconds.</summary>
    private sealed class PauselessTime : TimeProvider
    {
        private static readonly TimeSpan Attempt = TimeSpan.FromSeconds(10);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime == Attempt || dueTime < TimeSpan.Zero ? dueTime : TimeSpan.Zero, period);
    }
}
