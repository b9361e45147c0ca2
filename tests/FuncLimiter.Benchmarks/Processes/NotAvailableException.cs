namespace FuncLimiter.Benchmarks.Processes;

/// <summary>A contender can't be measured on this machine; the message says why and what to do.</summary>
internal sealed class NotAvailableException(string message) : Exception(message);
