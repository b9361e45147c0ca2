using System.Net;
using System.Text;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Jobs.Webhooks;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Jobs;

public class WebhookRuleTests
{
    [Fact]
    public void Schedule_TriesTenTimesOverMostOfADay()
    {
        var waits = Enumerable.Range(1, 9).Select(attempt => WebhookSchedule.After(attempt, 0)!.Value).ToList();

        Assert.Equal(10, WebhookSchedule.MostAttempts);
        Assert.Equal(TimeSpan.FromSeconds(5), waits[0]);
        Assert.Equal(waits.Order(), waits);
        Assert.InRange(waits.Sum(wait => wait.TotalHours), 15, 17);
        Assert.Null(WebhookSchedule.After(10, 0));
        Assert.Equal(TimeSpan.FromSeconds(6), WebhookSchedule.After(1, 1));
    }

    [Fact]
    public void Signature_IsThatOfTheSpecificationsExample() => Assert.Equal(
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        SignedPost.Sign(
            Convert.FromBase64String("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            Encoding.UTF8.GetBytes("""{"test": 2432232314}""")));

    [Theory]
    [InlineData("8.8.8.8", false)]
    [InlineData("127.0.0.1", true)]
    [InlineData("10.0.0.1", true)]
    [InlineData("172.31.0.1", true)]
    [InlineData("192.168.1.1", true)]
    [InlineData("169.254.169.254", true)]
    [InlineData("100.64.0.1", true)]
    [InlineData("168.63.129.16", true)]
    [InlineData("168.63.129.17", false)]
    [InlineData("192.88.99.1", true)]
    [InlineData("::ffff:168.63.129.16", true)]
    [InlineData("::1", true)]
    [InlineData("fd00::1", true)]
    [InlineData("fe80::1", true)]
    [InlineData("::ffff:10.0.0.1", true)]
    [InlineData("64:ff9b::a00:1", true)]
    [InlineData("64:ff9b::808:808", false)]
    [InlineData("2606:4700::1111", false)]
    public void PrivateNetworks_AreKnown(string address, bool isPrivate) => Assert.Equal(isPrivate, PrivateNetworks.Contains(IPAddress.Parse(address)));

    [Fact]
    public async Task Send_ToANameThatLeadsToAPrivateNetwork_IsNotConnected()
    {
        await using var receiver = await FakeProvider.StartAsync();
        using var sender = Sender(receiver, TimeProvider.System, privateNetworks: false);

        var attempt = await sender.SendAsync(new Delivery("job_1", "default", $"http://localhost:{receiver.Address.Port}/", 1), [], CancellationToken.None);

        Assert.Equal(new WebhookAttempt(false, false, "the address leads to a private network"), attempt);
        Assert.Empty(receiver.Requests);
    }

    [Theory]
    [InlineData(200, true, false)]
    [InlineData(204, true, false)]
    [InlineData(301, false, false)]
    [InlineData(410, false, true)]
    [InlineData(404, false, false)]
    [InlineData(500, false, false)]
    public async Task Send_IsDoneWhenTheReceiverSaysSo(int status, bool delivered, bool final)
    {
        await using var receiver = await FakeProvider.StartAsync();
        receiver.AnswerWith(status, "", ("Location", "http://127.0.0.1:1/"));
        using var sender = Sender(receiver, TimeProvider.System);

        var attempt = await sender.SendAsync(new Delivery("job_1", "default", receiver.Address.ToString(), 1), "{}"u8.ToArray(), CancellationToken.None);

        Assert.Equal((delivered, delivered || final), (attempt.Delivered, attempt.Final));
        Assert.Equal("job_1", Assert.Single(receiver.Requests).Headers["webhook-id"]);
    }

    [Fact]
    public async Task Send_ToAReceiverThatHangs_IsGivenUpAfterHalfAMinute()
    {
        await using var receiver = await FakeProvider.StartAsync();
        var asked = new TaskCompletionSource();
        receiver.Answer = async (context, _) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };
        var time = new VirtualTime();
        using var sender = Sender(receiver, time);

        var sending = sender.SendAsync(new Delivery("job_1", "default", receiver.Address.ToString(), 1), [], CancellationToken.None);
        await asked.Task;
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(sending.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(new WebhookAttempt(false, false, "no answer within 30 seconds"), await sending);
    }

    private static WebhookSender Sender(FakeProvider receiver, TimeProvider time, bool privateNetworks = true)
    {
        var configuration = Samples.Open(receiver.Address) with { Jobs = new JobConfiguration { WebhookSecret = "secret", WebhooksToPrivateNetworks = privateNetworks } };
        return new WebhookSender(configuration, new WebhookSecrets(configuration), time);
    }
}
