using System.Globalization;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>Begins a case that takes long.</summary>
internal delegate void BeginCase(string name, Func<FieldCase, Task<IReadOnlyList<FieldReply>>> run);

/// <summary>Nothing leaves before a provider's hint says, in whatever form it says so.</summary>
[Collection(TimesCases.Name)]
public sealed class HintTests(TimesSetup setup)
{
    private const string Busy = "Rate limit reached";
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Latest = TimeSpan.FromSeconds(5);
    private static readonly ConcurrentTimes Told = new();

    internal static FieldCase[] Cases =>
    [
        new("hint-milliseconds", "azure-openai"), new("hint-gmt", "openai"), new("hint-zone", "openai"), new("hint-negative", "openai"),
        new("hint-twice", "openai"), new("hint-quota-delay", "gemini"), new("hint-day", "azure-openai"),
        new("hint-day-unsaid", "openai"),
    ];

    internal static void Begin(FieldServer server, BeginCase begin)
    {
        Once("hint-milliseconds", 6, FieldAnswers.Refusal(429, Busy, ("x-ms-retry-after-ms", "6000")));
        OnceUntil("hint-gmt", "GMT");
        OnceUntil("hint-zone", "+0000");
        Once("hint-negative", 0.3, FieldAnswers.Refusal(429, Busy, ("Retry-After", "-5")));
        Once("hint-twice", 6, FieldAnswers.Refusal(429, Busy, ("Retry-After", "6"), ("Retry-After", "6")));
        Once("hint-quota-delay", 7.373, FieldAnswers.Json(429, """{"error":{"code":429,"message":"No quota left on this model.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"RATE_LIMIT_EXCEEDED","domain":"cloudcode-pa.googleapis.com","metadata":{"quotaResetDelay":"7373.801628ms"}}]}}"""));
        server["hint-day"].A.Answer = FieldAnswers.Refusal(429, "Please retry after 86400 seconds.", ("Retry-After", "86400"));
        begin("hint-day", async one =>
        [
            await server.ChatAsync(one, ("X-Priority", "interactive")), await server.ChatAsync(one, ("X-Priority", "interactive")),
        ]);

        server["hint-day-unsaid"].A.Answer = FieldAnswers.Refusal(429, "You have reached your daily request limit.");
        begin("hint-day-unsaid", async one => [await server.ChatAsync(one), await server.ChatAsync(one)]);

        void Once(string name, double seconds, FieldAnswer first)
        {
            Told[name] = _ => TimeSpan.FromSeconds(seconds);
            server[name].A.Answer = FieldAnswers.FirstThen(first, FieldAnswers.Whole());
            begin(name, async one => [await server.ChatAsync(one)]);
        }

        void OnceUntil(string name, string zone)
        {
            Told[name] = at => DateTimeOffset.FromUnixTimeSeconds(at.ToUnixTimeSeconds() + 7) - at;
            server[name].A.Answer = FieldAnswers.FirstThen(
                (request, context) => FieldAnswers.Refusal(
                    429, Busy, ("Retry-After", FieldAnswers.Date(DateTimeOffset.FromUnixTimeSeconds(request.At.ToUnixTimeSeconds() + 7), zone)))(request, context),
                FieldAnswers.Whole());
            begin(name, async one => [await server.ChatAsync(one)]);
        }
    }

    [Theory]
    [InlineData("hint-milliseconds")]
    [InlineData("hint-gmt")]
    [InlineData("hint-zone")]
    [InlineData("hint-negative")]
    [InlineData("hint-twice")]
    [InlineData("hint-quota-delay")]
    public async Task Call_GoesOutAgainWhenTheProviderSaid(string name)
    {
        var reply = Assert.Single(await setup.RepliesAsync(name));

        Assert.True(reply.Status == 200, reply.ToString());
        var requests = setup.Server[name].A.Requests;
        Assert.Equal(2, requests.Count);
        var told = Told[name](requests[0].At);
        Assert.InRange(requests[1].At - requests[0].At, told - Grace, told + Latest);
    }

    [Fact]
    public async Task Day_IsWhatEveryCallerIsTold()
    {
        var replies = await setup.RepliesAsync("hint-day");

        var first = Assert.Single(setup.Server["hint-day"].A.Requests).At;
        AssertTold(replies, 429, first, TimeSpan.FromDays(1));
    }

    // The provider names no end and no page tells one: the next midnight in UTC is likely.
    [Fact]
    public async Task Day_WhoseEndIsNotSaid_EndsAtMidnight_ForTheFirstCallerToo()
    {
        var replies = await setup.RepliesAsync("hint-day-unsaid");

        Assert.InRange(setup.Server["hint-day-unsaid"].A.Requests.Count, 1, 2);
        foreach (var reply in replies)
        {
            Assert.True(reply.Status == 429, reply.ToString());
            var date = DateTimeOffset.ParseExact(reply.Header("Date")!, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
            var told = date + TimeSpan.FromSeconds(double.Parse(reply.Header("Retry-After")!, CultureInfo.InvariantCulture));
            Assert.InRange(told.TimeOfDay > TimeSpan.FromHours(12) ? told.TimeOfDay - TimeSpan.FromDays(1) : told.TimeOfDay, TimeSpan.FromSeconds(-10), TimeSpan.FromSeconds(10));
        }
    }

    /// <summary>Asserts that all were refused within 20 seconds, and told when the provider takes calls again.</summary>
    internal static void AssertTold(IReadOnlyList<FieldReply> replies, int status, DateTimeOffset first, TimeSpan wait)
    {
        Assert.True(replies.Sum(reply => reply.Took.TotalSeconds) < 20);
        foreach (var reply in replies)
        {
            Assert.True(reply.Status == status, reply.ToString());
            Assert.True(reply.Header("Retry-After") is not null, reply.ToString());
            var date = DateTimeOffset.ParseExact(reply.Header("Date")!, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
            var left = first + wait - date;
            Assert.InRange(double.Parse(reply.Header("Retry-After")!, CultureInfo.InvariantCulture), left.TotalSeconds - 21, left.TotalSeconds + 59);
        }
    }

    private sealed class ConcurrentTimes : System.Collections.Concurrent.ConcurrentDictionary<string, Func<DateTimeOffset, TimeSpan>>;
}
