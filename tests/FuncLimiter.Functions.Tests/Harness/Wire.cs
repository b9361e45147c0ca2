using System.Text.Json;

namespace FuncLimiter.Functions.Tests.Harness;

/// <summary>What crosses a process's border crosses it as text, as the worker's own serializer writes it.</summary>
public static class Wire
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNameCaseInsensitive = true };

    public static string? Write(object? value) => value is null ? null : JsonSerializer.Serialize(value, value.GetType(), Options);

    public static object? Read(string? text, Type type) => text is null ? null : JsonSerializer.Deserialize(text, type, Options);

    public static T? Read<T>(string? text) => text is null ? default : JsonSerializer.Deserialize<T>(text, Options);
}
