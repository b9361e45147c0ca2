using System.Text.Json;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls.Spending;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>Writes spending budgets as JSON; what is not bounded is left out.</summary>
internal static class SpendingJson
{
    /// <summary>Writes a list of them.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<SpendReport> budgets)
    {
        json.WriteStartArray();
        foreach (var budget in budgets)
        {
            Write(json, budget);
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, SpendReport budget)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, budget.Name);
        json.WriteString("action"u8, budget.IsSoft ? "warn" : "refuse");
        json.WriteNumber("use"u8, Math.Round(budget.Use, 4));
        if (budget.EndsAt is { } end)
        {
            json.WriteString("endsAt"u8, end);
        }

        Write(json, "limit", budget.Limit, budget.Limit);
        Write(json, "spent", budget.Spent, budget.Limit);
        Write(json, "held", budget.Held, budget.Limit);
        Write(json, "left", budget.Left, budget.Limit);
        if (budget.TimeLeft is { } time)
        {
            json.WriteNumber("secondsLeft"u8, Math.Max(0, Math.Floor(time.TotalSeconds)));
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, in SpendAmount amount, in SpendAmount limit)
    {
        json.WriteStartObject(name);
        if (limit.Cost < SpendAmount.Unbounded)
        {
            json.WriteNumber("usd"u8, amount.Cost / SpendAmount.NanoPerUsd);
        }

        if (limit.Tokens < SpendAmount.Unbounded)
        {
            json.WriteNumber("tokens"u8, amount.Tokens);
        }

        if (limit.Calls < SpendAmount.Unbounded)
        {
            json.WriteNumber("calls"u8, amount.Calls);
        }

        json.WriteEndObject();
    }
}
