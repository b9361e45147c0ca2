using FuncLimiter.Gateway.Configuration.Reading;

namespace FuncLimiter.Server.Virtual.Reading;

/// <summary>The objects of fleet files, with every member that is known of them.</summary>
internal static class WorkShapes
{
    private const string Seconds = "a number of seconds";
    private const string Share = "a number from 0 to 1";

    /// <summary>What groups in fleets and work in volumes have in common.</summary>
    public static readonly IReadOnlyList<Member> Common =
    [
        new("name", "a name that no other work of this tenant has"),
        new("route", "the name of a route of the configuration, for example \"gpt-x\""),
        new("priority", "\"interactive\", \"standard\" or \"background\""),
        new("callsPerHour", "a number of calls, at least 0: the same in every hour"),
        new("callsByHour", "a list of 24 numbers: the calls of each hour of the day from midnight (UTC) on"),
        new("callsPerDay", "a number of calls, at least 0, spread over the day by profile"),
        new("profile", "\"flat\", \"office\", \"evening\" or \"night\": how callsPerDay are spread over the day"),
        new("inputTokens", "the mean number of input tokens of a call, at least 1"),
        new("outputTokens", "the mean number of output tokens of a call, at least 0"),
        new("maxOutputTokens", "a whole number of at least 1: the bound on output that calls state"),
        new("spread", "a number from 0 to 3: the standard deviation of tokens as a share of their mean"),
        new("maxWaitSeconds", Seconds),
        new("returns", "a whole number from 0 to 100: how often a refused call comes back when it was told to"),
        new("returnWithinSeconds", "a number of seconds after its first refusal within which a call still comes back"),
        new("simpleShare", Share),
        new("batchShare", Share),
    ];

    public static readonly Shape Group = new(
        "a group",
        [.. Common, new("agents", "a whole number of at least 1: agents that call, wait, think and call again"), new("thinkSeconds", "a number of seconds above 0")]);

    public static readonly Shape Fleet = new(
        "the fleet",
        new Member("$schema", "the address of the schema as a text"),
        new Member("hours", "a number of hours above 0 and at most 168"),
        new Member("startHour", "a number from 0 to 23: the hour of the day (UTC) at which it begins"),
        new Member("tenants", "a list of at least one tenant with groups"),
        new Member("latency", "an object with baseSeconds and perOutputTokenMs"),
        new Member("deployments", "a list of deployments with their own latency"),
        new Member("faults", "a list of faults, for example [{ \"kind\": \"outage\", \"deployment\": \"openai-east/gpt-x\", \"afterMinutes\": 60, \"forMinutes\": 10 }]"));

    public static readonly Shape Tenant = new(
        "a tenant of the fleet",
        new Member("id", "the tenant's id, as in the configuration"),
        new Member("groups", "a list of at least one group"));

    public static readonly Shape Latency = new(
        "a latency",
        new Member("baseSeconds", Seconds),
        new Member("perOutputTokenMs", "a number of milliseconds"));

    public static readonly Shape Deployment = new(
        "a deployment of the fleet",
        [new("deployment", "a deployment as \"account/model\""), .. Latency.Members]);

    public static readonly Shape Fault = new(
        "a fault",
        new Member("kind", "\"outage\", \"overload\", \"error\", \"reset\", \"hang\", \"limit\", \"retry-after\" or \"outsider\""),
        new Member("deployment", "a deployment as \"account/model\""),
        new Member("afterMinutes", "a number of minutes from the start on"),
        new Member("forMinutes", "a number of minutes; to the end where left out"),
        new Member("chance", Share),
        new Member("dimension", "\"requests\", \"tokens\", \"inputTokens\" or \"outputTokens\""),
        new Member("perMinute", "a whole number of at least 1: the limit per minute that is in force meanwhile"),
        new Member("retryAfterSeconds", Seconds),
        new Member("requestsPerMinute", "a number: calls that somebody else makes"),
        new Member("tokensPerMinute", "a number: tokens that somebody else uses"));
}
