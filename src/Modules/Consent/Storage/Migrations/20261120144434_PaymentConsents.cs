using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Consent.Storage.Migrations
{
    /// <inheritdoc />
    public partial class PaymentConsents : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "Quoted",
                schema: "consent",
                table: "consents",
                type: "json",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "idempotency",
                schema: "consent",
                columns: table => new
                {
                    ClientId = table.Column<string>(type: "text", nullable: false),
                    Operation = table.Column<string>(type: "character varying(120)", maxLength: 120, nullable: false),
                    Key = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    Digest = table.Column<byte[]>(type: "bytea", nullable: false),
                    ResourceId = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    Status = table.Column<int>(type: "integer", nullable: false),
                    At = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_idempotency", x => new { x.ClientId, x.Operation, x.Key });
                });

            migrationBuilder.CreateIndex(
                name: "IX_idempotency_At",
                schema: "consent",
                table: "idempotency",
                column: "At");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "idempotency",
                schema: "consent");

            migrationBuilder.DropColumn(
                name: "Quoted",
                schema: "consent",
                table: "consents");
        }
    }
}
