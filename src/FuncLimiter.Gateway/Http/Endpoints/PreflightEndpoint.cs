using System.Text.Json;
using FuncLimiter.Core.Pacing;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Spending;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Gateway.Operations.Preflight;
using FuncLimiter.Providers.Batches;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary><c>POST /preflight</c>: what a run will cost, and when it will be over, before it begins.</summary>
internal sealed class PreflightEndpoint(Authenticator authenticator, CallServices services, RunPreflight preflight, SpendDesk desk)
{
    // In what time batch services promise to answer.
    private static readonly TimeSpan BatchTime = TimeSpan.FromHours(24);

    private readonly PreflightReader _reader = new(services);
    private readonly HashSet<string> _batched = services.Configuration.Accounts
        .Where(static account => account.Batch is not null && ProviderBatches.Of(account.Provider) is not null)
        .Select(static account => account.Id).ToHashSet(StringComparer.Ordinal);

    /// <summary>Answers with what is foreseen, and has the run spend no more where that is asked. Nothing is asked of a provider.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (authenticator.Authenticate(context.Request.Headers, KeyUse.Reservations, out var error) is not { } tenant
            || CallerReader.Read(context.Request.Headers, tenant, out error) is not { } caller)
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, error!);
            return;
        }

        (var asked, error) = await JsonBody.ReadAsync(context, services.Options.MaxRequestBytes, PreflightJson.Default.PreflightRequest);
        if (asked is null || _reader.Read(asked, caller, out error) is not { } steps)
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, error!);
            return;
        }

        var foreseen = preflight.Foresee(steps);
        if (foreseen.TooLarge is { } step)
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, new GatewayError(
                413, "request_exceeds_limit", $"A call of steps[{step}] is larger than a whole limit of {steps[step].Plan.Route.Name}: it would never go out.")
            { Parameter = $"steps[{step}]" });
            return;
        }

        var held = asked.Hold == true ? await desk.HoldRunAsync(PartyOf(steps), MostOf(steps)) : null;
        if (asked.Hold == true && held is null)
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, new GatewayError(
                409, "no_run_budget", "Runs have no budget to hold: add one to the configuration, as {\"for\": \"run\", \"usd\": 5}, or its owner can't be reached now.")
            { Parameter = "hold" });
            return;
        }

        await JsonResponse.WriteAsync(context, 200, json => Write(json, asked, steps, foreseen, held));
    }

    private static SpendParty PartyOf(List<PlannedStep> steps) => steps[0].Caller is var caller ? new(caller.Tenant, caller.User, caller.Workflow, caller.Run) : default;

    // A call holds the most that it can come to before it goes out: the last one must still fit.
    private SpendAmount MostOf(List<PlannedStep> steps)
    {
        var (usd, last) = (CostOf(steps)?.High, steps.Select(static step => step.Plan.ConsumerAtMost).ToList());
        return new(
            usd is { } cost ? (long)((decimal)cost * SpendAmount.NanoPerUsd) + last.Max(static most => most.Cost) : SpendAmount.Unbounded,
            (long)RunBill.Tokens(steps).High + last.Max(static most => most.Tokens),
            SpendAmount.Unbounded);
    }

    private ForecastRange? CostOf(List<PlannedStep> steps) => RunBill.CostUsd(steps, step => preflight.Open(step, RunModels.Usual));

    private void Write(Utf8JsonWriter json, PreflightRequest asked, List<PlannedStep> steps, RunForeseen foreseen, (string Budget, SpendAmount Limit)? held)
    {
        var (forecast, now) = (foreseen.Forecast!, services.Time.GetUtcNow());
        var seconds = forecast.Seconds(RunPreflight.Confidence);
        var (tokens, cost) = (RunBill.Tokens(steps), CostOf(steps));
        json.WriteStartObject();
        json.WriteNumber("confidence"u8, RunPreflight.Confidence);
        Range(json, "seconds"u8, seconds, 1);
        json.WriteString("finishesBy"u8, now + TimeSpan.FromSeconds(seconds.High));
        Range(json, "tokens"u8, tokens, 0);
        Range(json, "costUsd"u8, cost, 6);
        if (asked.DeadlineSeconds is { } deadline)
        {
            json.WriteNumber("chanceOfDeadline"u8, Math.Round(forecast.ChanceWithin(deadline), 2));
        }

        WriteBinding(json, foreseen.Binding);
        WriteBudgets(json, steps, tokens, cost);
        if (held is { } hold)
        {
            json.WriteStartObject("held"u8);
            json.WriteString("budget"u8, hold.Budget);
            json.WriteString("limit"u8, SpendText.Left(hold.Limit, null));
            json.WriteEndObject();
        }

        json.WriteStartArray("instead"u8);
        if (steps.Any(static step => step.Plan.Route.Smaller != 0) && preflight.Foresee(steps, RunModels.Smaller) is { Forecast: { } smaller })
        {
            WriteInstead(json, "smaller"u8, smaller.Seconds(RunPreflight.Confidence), RunBill.CostUsd(steps, step => preflight.Open(step, RunModels.Smaller)));
        }

        if (steps.TrueForAll(step => Batched(step).Count > 0))
        {
            WriteInstead(json, "batch"u8, new(0, BatchTime.TotalSeconds / 2, BatchTime.TotalSeconds), RunBill.CostUsd(steps, Batched, isBatch: true));
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private List<int> Batched(PlannedStep step) =>
        [.. preflight.Open(step, RunModels.Usual).Where(place => _batched.Contains(step.Plan.Route.Deployments[place].Account))];

    private static void WriteBinding(Utf8JsonWriter json, BindingLimit? limit)
    {
        if (limit is not { Meter: var meter } binding)
        {
            json.WriteNull("binding"u8);
            return;
        }

        json.WriteStartObject("binding"u8);
        json.WriteString("budget"u8, binding.Budget);
        json.WriteString("dimension"u8, DimensionName.Of(meter.Dimension));
        json.WriteNumber("windowSeconds"u8, meter.WindowSeconds);
        json.WriteNumber("limit"u8, Math.Round(meter.Effective));
        json.WriteNumber("use"u8, Math.Round(meter.Use, 3));
        json.WriteEndObject();
    }

    // The budgets that bound the run, and whether they are enough for it.
    private void WriteBudgets(Utf8JsonWriter json, List<PlannedStep> steps, ForecastRange tokens, ForecastRange? cost)
    {
        var calls = steps.Sum(static step => (long)step.Calls);
        json.WriteStartArray("budgets"u8);
        foreach (var budget in desk.Report(PartyOf(steps)))
        {
            json.WriteStartObject();
            json.WriteString("budget"u8, budget.Name);
            json.WriteString("action"u8, budget.IsSoft ? "warn"u8 : "refuse"u8);
            json.WriteString("left"u8, SpendText.Left(budget));
            json.WriteString("isEnough"u8, Amount(cost?.High, tokens.High, calls).FitsIn(budget.Left) && (cost is not null || budget.Limit.Cost >= SpendAmount.Unbounded / 2) ? "yes"u8
                : Amount(cost?.Low, tokens.Low, calls).FitsIn(budget.Left) ? "perhaps"u8
                : "no"u8);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static SpendAmount Amount(double? usd, double tokens, long calls) => new((long)((decimal)(usd ?? 0) * SpendAmount.NanoPerUsd), (long)tokens, calls);

    private static void WriteInstead(Utf8JsonWriter json, ReadOnlySpan<byte> by, in ForecastRange seconds, ForecastRange? cost)
    {
        json.WriteStartObject();
        json.WriteString("by"u8, by);
        Range(json, "seconds"u8, seconds, 1);
        Range(json, "costUsd"u8, cost, 6);
        json.WriteEndObject();
    }

    private static void Range(Utf8JsonWriter json, ReadOnlySpan<byte> name, ForecastRange? range, int digits)
    {
        if (range is not { } known)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteNumber("low"u8, Math.Round(known.Low, digits));
        json.WriteNumber("likely"u8, Math.Round(known.Likely, digits));
        json.WriteNumber("high"u8, Math.Round(known.High, digits));
        json.WriteEndObject();
    }
}
